"""Pipelines: what a definition may say, and everything that can be known of it before it runs."""

from bud_server.pipelines.arguments import check_params
from bud_server.pipelines.check import check_pipeline
from bud_server.pipelines.definition import Parameter, Pipeline, Retry, Settings, Step, definition_digest
from bud_server.pipelines.graph import Graph
from bud_server.pipelines.problem import PipelineProblem
from bud_server.pipelines.read import Reading, read_pipeline
from bud_server.pipelines.text import PipelineFile, load_text

__all__ = [
    "Graph",
    "Parameter",
    "Pipeline",
    "PipelineFile",
    "PipelineProblem",
    "Reading",
    "Retry",
    "Settings",
    "Step",
    "check_params",
    "check_pipeline",
    "definition_digest",
    "load_text",
    "read_pipeline",
]
