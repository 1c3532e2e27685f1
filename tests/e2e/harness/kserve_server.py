"""A server of KServe's V2 protocol, like Triton's: prints its port, and stops with its standard input.

Models: `echo` answers each BYTES input as an output of the same form, `pieces` answers the text in pieces at the
integer parameter `cut` (ModelStreamInfer, decoupled: two responses and an empty final one), `slow` waits until it is
cancelled, `fails` and `refuses` end with a status, `dies` breaks the connection off after one response.
What it received is in `log`: one line of JSON per request on standard output, after the port.
"""

import json
import os
import sys
import threading
from concurrent import futures

import grpc
from kserve_messages import elements_of, message_class, pack

Response = message_class("ModelInferResponse")
StreamResponse = message_class("ModelStreamInferResponse")


writing = threading.Lock()


def log(**entry):
    with writing:
        print(json.dumps(entry), flush=True)


def texts_of(request):
    return {tensor.name: [one.decode("latin-1") for one in elements_of(tensor, raw)]
            for tensor, raw in zip(request.inputs, list(request.raw_input_contents) or [None] * len(request.inputs))
            if tensor.datatype == "BYTES"}


def note(method, request, context):
    metadata = {key: value for key, value in context.invocation_metadata() if not key.endswith("-bin")}
    left = context.time_remaining()
    log(method=method, model=request.model_name, id=request.id, texts=texts_of(request), metadata=metadata,
        parameters=sorted(request.parameters), seconds=left if left is not None and left < 1e6 else None)


def answer(request, elements, final=None):
    response = Response(model_name=request.model_name, model_version="1", id=request.id)
    if final is not None:
        response.parameters["triton_final_response"].bool_param = final
    raw = bool(request.raw_input_contents)
    for name, values in elements.items():
        output = response.outputs.add(name=name, datatype="BYTES", shape=[len(values)])
        if raw:
            response.raw_output_contents.append(pack(values))
        else:
            output.contents.bytes_contents.extend(values)
    return response


def echo(request):
    raws = list(request.raw_input_contents) or [None] * len(request.inputs)
    response = Response(model_name=request.model_name, model_version="1", id=request.id)
    for tensor, raw in zip(request.inputs, raws):
        output = response.outputs.add(name=tensor.name, datatype=tensor.datatype, shape=tensor.shape)
        if raw is not None:
            response.raw_output_contents.append(raw)
        else:
            output.contents.CopyFrom(tensor.contents)
    return response


def until_cancelled(context):
    done = threading.Event()
    context.add_callback(done.set)
    done.wait(60)
    log(cancelled=True)


def infer(request, context):
    note("ModelInfer", request, context)
    if request.model_name == "slow":
        until_cancelled(context)
    if request.model_name == "fails":
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such thing as ada@example.com")
    if request.model_name == "refuses":
        context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
    if request.model_name == "dies":
        os._exit(0)
    return echo(request)


def stream(requests, context):
    for request in requests:
        note("ModelStreamInfer", request, context)
        if request.model_name == "slow":
            until_cancelled(context)
            return
        if request.model_name == "fails":
            yield StreamResponse(error_message="failed for ada@example.com", infer_response=Response(id=request.id))
            continue
        [[name, [text]]] = texts_of(request).items()
        text = text.encode("latin-1")
        cut = request.parameters["cut"].int64_param
        for piece in (text[:cut], text[cut:]):
            yield StreamResponse(infer_response=answer(request, {name: [piece]}, final=False))
            if request.model_name == "dies":
                os._exit(0)
        yield StreamResponse(infer_response=answer(request, {}, final=True))


def handlers():
    def unary(name, serve):
        return grpc.unary_unary_rpc_method_handler(
            serve, request_deserializer=message_class(f"{name}Request").FromString,
            response_serializer=message_class(f"{name}Response").SerializeToString)

    def respond(method, /, **fields):
        return unary(method, lambda request, context: message_class(f"{method}Response")(**fields))

    return grpc.method_handlers_generic_handler("inference.GRPCInferenceService", {
        "ServerLive": respond("ServerLive", live=True),
        "ModelReady": respond("ModelReady", ready=True),
        "ModelMetadata": respond("ModelMetadata", name="echo", versions=["1"], platform="for ada@example.com"),
        "ModelInfer": unary("ModelInfer", infer),
        "ModelStreamInfer": grpc.stream_stream_rpc_method_handler(
            stream, request_deserializer=message_class("ModelInferRequest").FromString,
            response_serializer=StreamResponse.SerializeToString),
    })


server = grpc.server(futures.ThreadPoolExecutor(32))
server.add_generic_rpc_handlers((handlers(),))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
sys.stdin.read()
server.stop(None)
