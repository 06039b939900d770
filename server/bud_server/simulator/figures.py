"""Figures that look as if something had been measured. They follow from the hardware, and from nothing else."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from bud_server.simulator.world import Cluster, Node

_TOKENS_PER_SECOND = {"cuda": 95.0, "hpu": 120.0, "cpu": 9.0}
"""Of one device, for one user."""
_DEVICES = {"cuda": ("NVIDIA A100", 80), "hpu": ("Intel Gaudi 2", 96), "cpu": ("Intel Xeon 8480", 256)}
"""Name, and memory in GB."""


def node_document(node: Node) -> dict[str, Any]:
    """Return a node as budcluster describes it."""
    name, memory = _DEVICES[node.type]
    return {
        "name": node.name,
        "type": node.type,
        "status": True,
        "total_workers": node.devices,
        "available_workers": node.devices,
        "hardware_info": [
            {
                "type": node.type,
                "name": name,
                "memory_gb": memory,
                "count": node.devices,
                "available_count": node.devices,
            }
        ],
    }


def device_configurations(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    """Return, for each type of device, how many ways a model can be spread over it."""
    by_type = groupby(sorted(nodes, key=lambda node: node.type), key=lambda node: node.type)
    return [_device_configuration(kind, list(group)) for kind, group in by_type]


def _device_configuration(kind: str, nodes: list[Node]) -> dict[str, Any]:
    widest = max(node.devices for node in nodes)
    sizes = [size for size in (1, 2, 4, 8) if size <= widest]
    return {
        "device_type": kind,
        "device_name": _DEVICES[kind][0],
        "total_devices": sum(node.devices for node in nodes),
        "nodes_count": len(nodes),
        "min_tp_for_model": 1,
        "tp_pp_options": [
            {"tp_size": size, "pp_size": 1, "max_replicas": sum(node.devices // size for node in nodes)}
            for size in sizes
        ],
    }


def benchmark(cluster: Cluster, concurrency: int) -> dict[str, Any]:
    """Return what a benchmark on a cluster measures."""
    speed = _speed(cluster, concurrency)
    return {
        "output_throughput": round(speed * concurrency, 1),
        "request_throughput": round(speed * concurrency / 128, 3),
        "mean_ttft_ms": round(4000 / speed, 1),
        "mean_tpot_ms": round(1000 / speed, 2),
        "successful_requests": 10 * concurrency,
    }


def recommendation(cluster: Cluster, concurrency: int) -> dict[str, Any]:
    """Return what a simulation expects of a cluster."""
    speed = _speed(cluster, concurrency)
    kind = cluster.nodes[0].type
    return {
        "cluster_id": cluster.cluster_id,
        "metrics": {
            "device_types": [{"device_type": kind, "num_replicas": 1, "concurrency": concurrency}],
            "replica": 1,
            "concurrency": {kind: concurrency},
            "ttft": round(4000 / speed, 1),
            "throughput_per_user": round(speed, 1),
            "e2e_latency": round(512 / speed, 2),
            "error_rate": 0.04,
            "cost_per_million_tokens": round(60 / speed, 3),
        },
        "tool_calling_parser_type": "llama3_json",
        "reasoning_parser_type": None,
        "chat_template": None,
        "supports_lora": True,
        "supports_pipeline_parallelism": kind == "cuda",
    }


def _speed(cluster: Cluster, concurrency: int) -> float:
    """Return tokens per second and user."""
    devices = sum(node.devices for node in cluster.nodes)
    alone = _TOKENS_PER_SECOND[cluster.nodes[0].type]
    return alone / (1 + concurrency / (8 * devices))
