"""A gRPC client of KServe's V2 protocol with the official Python package.

Arguments: address, token. Standard input: lines of JSON, each a call {"n", "method", "model", "id", "texts":
{name: [text]}, "raw", "parameters": {name: value}, "requests": several such for a stream, "timeout", "gzip",
"metadata", "cancel": after so many messages, "shared": a name}, which run at once. Standard output: a line for each:
"n", "code", "message", "reason", "review", "session", "responses": [{"texts", "id", "final", "error"}].
"""

import json
import os
import sys
import threading

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "harness"))
from kserve_messages import SERVICE, elements_of, message_class, pack  # noqa: E402

address, token = sys.argv[1:]
channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1),
                                                  ("grpc.enable_retries", 0)])
writing = threading.Lock()


def request_of(call):
    request = message_class("ModelInferRequest")(model_name=call.get("model", "echo"), id=call.get("id", ""))
    for name, values in call.get("texts", {}).items():
        values = [value.encode() for value in values]
        tensor = request.inputs.add(name=name, datatype="BYTES", shape=[len(values)])
        if call.get("raw"):
            request.raw_input_contents.append(pack(values))
        else:
            tensor.contents.bytes_contents.extend(values)
    for name, value in call.get("parameters", {}).items():
        kind = {bool: "bool_param", int: "int64_param", str: "string_param", float: "double_param"}[type(value)]
        setattr(request.parameters[name], kind, value)
    if "shared" in call:
        tensor = request.inputs.add(name="image", datatype="UINT8", shape=[4])
        tensor.parameters["shared_memory_region"].string_param = call["shared"]
    if "numbers" in call:
        tensor = request.inputs.add(name="numbers", datatype="FP32", shape=[len(call["numbers"])])
        tensor.contents.fp32_contents.extend(call["numbers"])
    return request


def shown(response):
    entry = {}
    if hasattr(response, "infer_response"):
        entry["error"] = response.error_message
        response = response.infer_response
    if not hasattr(response, "outputs"):
        return {"text": str(response)}
    raws = list(response.raw_output_contents) or [None] * len(response.outputs)
    entry["texts"] = {one.name: [text.decode() for text in elements_of(one, raw)]
                      for one, raw in zip(response.outputs, raws) if one.datatype == "BYTES"}
    entry["id"] = response.id
    entry["final"] = response.parameters["triton_final_response"].bool_param
    entry["numbers"] = [list(one.contents.fp32_contents) for one in response.outputs if one.datatype == "FP32"]
    return entry


def details_of(error):
    status = rpc_status.from_call(error)
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else []:
        if detail.Unpack(info):
            return {"reason": info.reason, "review": info.metadata.get("review_id")}
    return {}


def play(call):
    method = call.get("method", "ModelInfer")
    streams = method == "ModelStreamInfer"
    if method in ("ServerLive", "ModelReady", "ModelMetadata"):
        request = message_class(f"{method}Request")(**call.get("fields", {}))
    else:
        request = request_of(call)
    known = method if method in ("ServerLive", "ModelReady", "ModelMetadata", "ModelStreamInfer") else "ModelInfer"
    stub = (channel.stream_stream if streams else channel.unary_unary)(
        SERVICE + method, request_serializer=lambda one: one.SerializeToString(),
        response_deserializer=message_class(f"{known}Response").FromString)
    metadata = [("authorization", f"Bearer {token}"), *call.get("metadata", {"countersign-connection": "triton"}).items()]
    how = {"timeout": call.get("timeout"), "metadata": metadata,
           "compression": grpc.Compression.Gzip if call.get("gzip") else None}
    responses = []
    result = {"n": call["n"], "code": "OK", "responses": responses}
    try:
        if streams:
            requests = [request_of(one) for one in call["requests"]]
            rpc = stub(iter(requests), **how)
            for response in rpc:
                responses.append(shown(response))
                if len(responses) == call.get("cancel"):
                    rpc.cancel()
        else:
            response, rpc = stub.with_call(request, **how)
            responses.append(shown(response))
        result["session"] = dict(rpc.initial_metadata()).get("x-countersign-session")
    except grpc.RpcError as error:
        result.update(code=error.code().name, message=error.details(), **details_of(error))
    with writing:
        print(json.dumps(result), flush=True)


for line in sys.stdin:
    threading.Thread(target=play, args=(json.loads(line),)).start()
