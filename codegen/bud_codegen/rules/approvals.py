"""Rules for approvals of changes: each names one finding, who answers for it, why, and until when."""

from bud_codegen.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        "approval-invalid",
        "error",
        "An approval has a fingerprint, a reason, an owner and a last day.",
        about="approval",
    ),
    Rule("approval-expired", "error", "An approval is used until its last day.", about="approval"),
    Rule("approval-unused", "error", "An approval belongs to a finding.", about="approval"),
)
