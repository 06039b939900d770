"""Cross-origin requests: answered as the configured origins may read them, refused as a problem."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from bud_server.http.problem_details import problem_response


class CrossOrigin(CORSMiddleware):
    """Starlette's middleware, whose refusals are problem details like all others."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer what a browser asks before it sends a request."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        refusal = problem_response(response.status_code, bytes(response.body).decode())
        for name, value in response.headers.items():
            refusal.headers.setdefault(name, value)
        return refusal
