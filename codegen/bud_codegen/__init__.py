"""The generator: action files in YAML to Python, TypeScript, OpenAPI, docs and executor stubs.

Import `generate` from bud_codegen.api; importing this package costs nothing.
"""
