"""A few addresses of the world outside the platform, for steps that ask the web."""

from typing import Any

from starlette.routing import Route

from bud_server.simulator.desk import Call, Desk

_PRICES = {"eu-central": 2.4, "us-east": 1.9, "ap-south": 2.1}
"""Of a GPU hour, in dollars."""


def routes(desk: Desk) -> list[Route]:
    """Return all addresses."""
    return [
        desk.route("GET", "/prices/{region}", get_price),
        desk.route("POST", "/hooks/{name}", take),
    ]


def get_price(call: Call) -> Any:
    """Return what a GPU hour costs in a region."""
    region = call.path["region"]
    call.settle(f"price in {region}")
    return {"region": region, "dollars_per_gpu_hour": _PRICES.get(region, 3.0)}


def take(call: Call) -> Any:
    """Keep what was posted, to be looked at."""
    name = call.path["name"]
    call.settle(f"hook {name}")
    call.world.hooks.append({"name": name, "body": call.content})
    return {"received": True, "count": len(call.world.hooks)}
