"""All tables. Moments are seconds since 1970 by the database's clock; documents are JSON as text."""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()

pipelines = Table(
    "pipelines",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False, comment="Subject that it belongs to; empty for the system's."),
    Column("is_system", Boolean, nullable=False),
    Column("status", Text, nullable=False, comment="draft, active or archived."),
    Column("description", Text),
    Column("icon", Text),
    Column("definition", Text, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("pins", Text, comment="Major version of each action that it was checked against; NULL if saved before."),
    Column("version", Integer, nullable=False, comment="Counts the changes; guards against concurrent ones."),
    Column("created_by", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Index("pipelines_name", "owner", "name", unique=True),
)

plans = Table(
    "plans",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("definition", Text, nullable=False, comment="The pipeline as it was when an execution of it began."),
    Column("document", Text, nullable=False, comment="The plan made of it and of the catalog of that time."),
)

definitions = Table(
    "definitions",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("document", Text, nullable=False, comment="What the catalog said of an action that a plan uses."),
)

executions = Table(
    "executions",
    metadata,
    Column("id", Text, primary_key=True, comment="UUIDv7: in the order of creation."),
    Column("pipeline_id", Text),
    Column("pipeline_name", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("subject", Text, nullable=False, comment="Who started it, with the permissions of that moment."),
    Column("initiator", Text, nullable=False),
    Column("options", Text, nullable=False, comment="Whom to tell of its progress, as the client asked."),
    Column("idempotency_key", Text),
    Column("request_digest", Text),
    Column("params", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False, comment="Entries in its log; the revision of its state."),
    Column("ready", Text, nullable=False),
    Column("ending", Text),
    Column("outputs", Text),
    Column("error", Text),
    Column("due_at", Double),
    Column("step_count", Integer, nullable=False),
    Column("unfinished", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("started_at", Double),
    Column("ended_at", Double),
    Index("executions_idempotency", "owner", "idempotency_key", unique=True),
    Index("executions_owner", "owner", "id"),
    Index("executions_pipeline", "pipeline_id", "id"),
    Index(
        "executions_due",
        "due_at",
        sqlite_where=text("due_at IS NOT NULL"),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
)

steps = Table(
    "steps",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("work", Text, comment="What a worker is to do; NULL if nothing."),
    Column("owner", Text, comment="Worker that does it; NULL if none has taken it."),
    Column("fence", BigInteger, nullable=False, comment="Raised whenever the work changes hands."),
    Column("stop", Text),
    Column("due_at", Double, comment="When time alone moves it on."),
    Column("outputs", Text),
    Column("error", Text),
    Column("started_at", Double),
    Column("ended_at", Double),
    Column("detail", Text, nullable=False, comment="The rest of its state."),
    Index("steps_due", "due_at", sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL")),
    Index(
        "steps_work",
        "owner",
        "execution_id",
        sqlite_where=text("work IS NOT NULL"),
        postgresql_where=text("work IS NOT NULL"),
    ),
)
"""Steps of which anything has happened."""

entries = Table(
    "entries",
    metadata,
    Column("execution_id", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("step_id", Text),
    Column("data", Text, nullable=False),
)
"""The log of each execution: everything else about it follows from this."""

waiters = Table(
    "waiters",
    metadata,
    Column("key", Text, primary_key=True),
    Column("execution_id", Text, primary_key=True),
    Column("step_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("is_open", Boolean, nullable=False),
    Index("waiters_step", "execution_id", "step_id"),
)
"""What steps wait, or waited, for."""

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True, comment="UUIDv7: in the order of arrival."),
    Column("source", Text, nullable=False),
    Column("event_id", Text, nullable=False, comment="As its sender numbers it."),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", Text, nullable=False, comment="unmatched, matched, late, duplicate or dead."),
    Column("verdict", Text, comment="What came of it: applied, ignored, or why it is dead."),
    Column("duplicate_of", Text),
    Column("execution_id", Text),
    Column("step_id", Text),
    Column("attempt", Integer),
    Column("tries", Integer, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("handled_at", Double),
    Index(
        "events_once",
        "source",
        "event_id",
        unique=True,
        sqlite_where=text("duplicate_of IS NULL"),
        postgresql_where=text("duplicate_of IS NULL"),
    ),
    Index("events_state", "state", "id"),
    Index(
        "events_step",
        "execution_id",
        "step_id",
        sqlite_where=text("execution_id IS NOT NULL"),
        postgresql_where=text("execution_id IS NOT NULL"),
    ),
)
"""The inbox."""

event_keys = Table(
    "event_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("event", Text, primary_key=True),
)
"""What unmatched events name."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True, comment="UUIDv7: in the order in which it is to be sent."),
    Column("topic", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Index("outbox_due", "due_at"),
)
"""What is to be sent."""

workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("lease_until", Double, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("about", Text, nullable=False, comment="Host and process, for people."),
)
"""Workers that are alive; each holds its work for as long as its lease."""
