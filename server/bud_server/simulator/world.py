"""What there is on the simulated platform: models, clusters, endpoints and work, all in memory."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeVar


@dataclass(slots=True)
class Model:
    """A model of the repository."""

    id: str
    name: str
    uri: str
    provider_type: str = "hugging_face"
    author: str | None = None
    description: str | None = None
    provider_id: str | None = None


@dataclass(slots=True)
class Node:
    """A machine of a cluster."""

    name: str
    type: str
    devices: int


@dataclass(slots=True)
class Cluster:
    """A cluster, as budapp and as budcluster know it."""

    id: str
    """What budapp calls it."""
    cluster_id: str
    """What budcluster calls it."""
    name: str
    nodes: list[Node]


@dataclass(slots=True)
class Endpoint:
    """A deployed model."""

    id: str
    name: str
    model_id: str
    project_id: str
    cluster_id: str | None
    status: str = "running"
    autoscale: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """Where it runs in its cluster."""
        return f"bud-{self.name}"

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"https://{self.namespace}.simulated.example/v1"


@dataclass(slots=True)
class Workflow:
    """Work that goes on after the call that started it."""

    id: str
    type: str
    status: Literal["in_progress", "completed", "failed", "cancelled"] = "in_progress"
    step: str = ""
    """The last phase that was told of."""
    reason: str | None = None
    result: dict[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be told of it."""
        return self.status != "in_progress"


Thing = TypeVar("Thing", Model, Cluster, Endpoint, Workflow)


@dataclass(slots=True)
class World:
    """All there is, by id."""

    models: dict[str, Model] = field(default_factory=dict)
    clusters: dict[str, Cluster] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    workflows: dict[str, Workflow] = field(default_factory=dict)
    notifications: list[dict[str, Any]] = field(default_factory=list)
    """What was to be sent to people."""
    hooks: list[dict[str, Any]] = field(default_factory=list)
    """What was posted to addresses of the simulated web."""
    calls: list[str] = field(default_factory=list)
    """Each call, as method, service and path."""

    def cluster(self, cluster_id: str) -> Cluster | None:
        """Return a cluster by budapp's id of it, or by budcluster's."""
        named = (each for each in self.clusters.values() if cluster_id in (each.id, each.cluster_id))
        return next(named, None)

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON."""
        return asdict(self)


def _by_id(things: Iterable[Thing]) -> dict[str, Thing]:
    return {thing.id: thing for thing in things}


def _nodes(name: str, kind: str, count: int, devices: int) -> list[Node]:
    return [Node(f"{name}-{number}", kind, devices) for number in range(1, count + 1)]


PROJECT = "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28"


def first_world() -> World:
    """Return the world as it is when the simulator starts."""
    llama = Model("8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05", "llama-2-7b-chat", "meta-llama/Llama-2-7b-chat-hf")
    mistral = Model("1c9d4e7a-52b8-4f06-a3d1-6e8f0b2c5d94", "mistral-7b", "mistralai/Mistral-7B-v0.1")
    old = Model("7e2a5f81-0c4d-4b96-9d3e-f1a8b6c0d257", "gpt-2-old", "openai-community/gpt2")
    inference_1 = Cluster(
        "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64",
        "a41d9b06-7e35-4c82-b0f4-59c8d2e6a173",
        "inference-1",
        _nodes("inference-1", "cuda", 2, 4),
    )
    inference_2 = Cluster(
        "b2e6d0f4-38c1-4a79-95eb-d7f3a1c8046e",
        "c83f5a12-d9e4-4670-8b1c-2f6e0d7a9b35",
        "inference-2",
        _nodes("inference-2", "hpu", 3, 8),
    )
    ailing = Cluster(
        "f5c0a9d3-6b27-4e18-a4f2-81d9e3b7c560",
        "06e7b4d8-1f3a-4c95-8d60-e9a2c5f1b743",
        "edge-fail",
        _nodes("edge-fail", "cpu", 1, 1),
    )
    scaled = {"enabled": True, "minReplicas": 1, "maxReplicas": 3, "scalingStrategy": "optimized"}
    blue = Endpoint(
        "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36", "assistant-blue", llama.id, PROJECT, inference_1.id, autoscale=scaled
    )
    stale = Endpoint("4a7c1e90-b5d2-4638-8f0e-c3d6a9b27f15", "demo-stale", old.id, PROJECT, inference_2.id)
    return World(
        models=_by_id((llama, mistral, old)),
        clusters=_by_id((inference_1, inference_2, ailing)),
        endpoints=_by_id((blue, stale)),
    )
