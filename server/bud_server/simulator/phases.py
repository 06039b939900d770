"""How each kind of work goes on: its phases, as the services announce them."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Literal

Status = Literal["STARTED", "COMPLETED", "FAILED"]


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of some work."""

    event: str
    title: str
    seconds: float
    """How long it takes at speed 1."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work."""

    service: str
    """Who does it."""
    type: str
    """What its events are about: `payload.type`."""
    title: str
    phases: tuple[Phase, ...]
    frame: str = ""
    """The event that opens and closes it, around all phases; empty if there is none."""
    event_type: str = "notification"
    """The type of its CloudEvents."""
    result_key: str = "result"
    """Where the content of an event holds the result."""
    early_result: str = ""
    """The phase that tells the result before `results` does; empty if none does."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is told of work at one moment."""

    after: float
    """Seconds since what was told before, at speed 1."""
    event: str
    status: Status
    title: str
    message: str


MODEL_EXTRACTION = Kind(
    "budapp",
    "perform_model_extraction",
    "Model onboarding",
    (
        Phase("validation", "Validating the source", 5),
        Phase("model_download", "Downloading the model", 60),
        Phase("model_extraction", "Reading the model's card", 20),
        Phase("save_model", "Saving the model", 10),
    ),
    early_result="save_model",
)
BENCHMARK = Kind(
    "budcluster",
    "performance_benchmark",
    "Performance benchmark",
    (
        Phase("verify_cluster_connection", "Verifying the cluster's connection", 5),
        Phase("transfer_model", "Transferring the model", 40),
        Phase("deploy_model", "Deploying the model", 40),
        Phase("run_benchmark", "Running the benchmark", 60),
    ),
)
DEPLOYMENT = Kind(
    "budcluster",
    "deploy_model",
    "Deployment",
    (
        Phase("verify_cluster_connection", "Verifying the cluster's connection", 5),
        Phase("transfer_model_to_cluster", "Transferring the model", 60),
        Phase("deploy_to_engine", "Deploying to the engine", 50),
        Phase("verify_deployment_status", "Verifying the deployment", 20),
        Phase("run_performance_benchmark", "Running a benchmark", 30),
    ),
    frame="deployment_status",
)
DELETION = Kind(
    "budcluster",
    "delete_deployment",
    "Deletion of a deployment",
    (Phase("delete_namespace", "Deleting the namespace", 30),),
    frame="deployment_deletion_status",
    result_key="results",
)
SIMULATION = Kind(
    "budsim",
    "get_cluster_recommendations",
    "Simulation",
    (
        Phase("validation", "Validating the request", 2),
        Phase("hardware_selection", "Selecting hardware", 5),
        Phase("engine_configuration", "Configuring engines", 10),
        Phase("performance_estimation", "Estimating performance", 20),
        Phase("ranking", "Ranking clusters", 3),
    ),
    event_type="get_cluster_recommendations",
)
CLUSTER_CREATION = Kind(
    "budcluster",
    "register_cluster",
    "Cluster creation",
    (
        Phase("create_cluster", "Creating the nodes", 120),
        Phase("verify_cluster_connection", "Verifying the cluster's connection", 5),
        Phase("configure_cluster", "Installing the runtime", 60),
        Phase("fetch_cluster_info", "Reading what the cluster has", 10),
    ),
)
CLUSTER_DELETION = Kind(
    "budcluster",
    "delete_cluster",
    "Cluster deletion",
    (Phase("delete_resources", "Removing what runs on it", 30), Phase("delete_cluster", "Removing the nodes", 60)),
    frame="cluster_deletion_status",
)


def announcements(kind: Kind, failing: Phase | None) -> Iterator[Announcement]:
    """Yield all that is told of work, in order; with `failing` it ends in that phase."""
    if kind.frame:
        yield Announcement(0, kind.frame, "STARTED", kind.title, f"{kind.title} has started")
    left = sum(phase.seconds for phase in kind.phases)
    for phase in kind.phases:
        yield Announcement(0, "eta", "STARTED", kind.title, str(ceil(left / 60)))
        yield Announcement(0, phase.event, "STARTED", phase.title, f"{phase.title}...")
        if phase is failing:
            yield Announcement(phase.seconds / 2, phase.event, "FAILED", phase.title, "The simulator was asked to fail")
            return
        yield Announcement(phase.seconds, phase.event, "COMPLETED", phase.title, f"{phase.title}: done")
        left -= phase.seconds
    yield Announcement(0, "results", "COMPLETED", kind.title, f"{kind.title} has ended well")
    if kind.frame:
        yield Announcement(0, kind.frame, "COMPLETED", kind.title, f"{kind.title} has ended well")


def failing_phase(kind: Kind, draw: Random) -> Phase:
    """Return the phase in which work fails."""
    return draw.choice(kind.phases)
