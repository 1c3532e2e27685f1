"""Strict validation of Kubernetes objects: unknown and duplicate fields are errors.

Kubernetes' own kinds are checked against the schemas of the given version; custom resources against custom_resources.json,
which holds, written by hand, exactly the fields that the chart uses.
"""
import functools
import importlib.resources
import json
import os

import jsonschema
import referencing

VERSIONS = ("1.29", "1.34", "1.37")


@functools.cache
def _own():
    with open(os.path.join(os.path.dirname(__file__), "custom_resources.json"), encoding="utf-8") as file:
        return json.load(file)


@functools.cache
def _folder(version):
    return importlib.resources.files("kubernetes_validate") / f"kubernetes-json-schema/v{version}.0-local-strict"


@functools.cache
def _definitions(version):
    contents = json.loads((_folder(version) / "_definitions.json").read_text())
    return referencing.Resource.from_contents(contents) @ referencing.Registry()


@functools.cache
def _validator(version, api_version, kind):
    if f"{api_version}/{kind}" in _own():
        schema = _own()[f"{api_version}/{kind}"] | {"$defs": _own()["$defs"]}
        return jsonschema.Draft202012Validator(schema)
    group, _, number = api_version.rpartition("/")
    name = "-".join(filter(None, [kind.lower(), group.split(".")[0], number]))
    file = _folder(version) / f"{name}.json"
    if not file.is_file():
        return None
    schema = json.loads(file.read_text())
    registry = referencing.Resource.from_contents(schema) @ _definitions(version)
    return jsonschema.Draft202012Validator(schema, registry=registry)


def mistakes(an_object, version):
    """What is wrong with the object, one line each."""
    named = f"{an_object['kind']} {an_object['metadata']['name']}"
    validator = _validator(version, an_object["apiVersion"], an_object["kind"])
    if validator is None:
        return [f"{named}: no schema of {an_object['apiVersion']} {an_object['kind']} in {version}"]
    return [f"{named}: {'.'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(an_object)]
