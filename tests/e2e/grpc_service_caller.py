"""A gRPC client of the services in a descriptor set, with the official Python package.

Arguments: address, descriptor set file. Standard input: a JSON list of calls {"method": "package.Service/Method",
"request" ("requests" where they are a stream; "raw": its bytes in hexadecimal), "token", "connection", "timeout"}.
Standard output: a JSON list with an object for each: "messages", "code", "message", "reason", "metadata".
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_status import rpc_status


def details_of(error):
    found = {"reason": None, "metadata": {}}
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            found.update(reason=info.reason, metadata=dict(info.metadata))
    return found


def play(channel, pool, call):
    service, name = call["method"].split("/")
    method = pool.FindServiceByName(service).methods_by_name[call.get("shape", name)]
    request_type = message_factory.GetMessageClass(method.input_type)
    response_type = message_factory.GetMessageClass(method.output_type)
    if "raw" in call:
        requests = [bytes.fromhex(call["raw"])]
    else:
        parts = call.get("requests", [call.get("request", {})])
        requests = [json_format.ParseDict(one, request_type()).SerializeToString() for one in parts]
    kinds = {(False, False): channel.unary_unary, (False, True): channel.unary_stream,
             (True, False): channel.stream_unary, (True, True): channel.stream_stream}
    stub = kinds[method.client_streaming, method.server_streaming](
        f"/{call['method']}", request_serializer=None, response_deserializer=response_type.FromString)
    metadata = [("authorization", f"Bearer {call['token']}")]
    if call.get("connection"):
        metadata.append(("countersign-connection", call["connection"]))
    got = {"messages": [], "code": "OK"}
    try:
        answer = stub(iter(requests) if method.client_streaming else requests[0],
                      timeout=call.get("timeout", 60), metadata=metadata)
        for message in answer if method.server_streaming else [answer]:
            got["messages"].append(json_format.MessageToDict(message, preserving_proto_field_name=True))
    except grpc.RpcError as error:
        got.update(code=error.code().name, message=error.details(), **details_of(error))
    return got


def main():
    with open(sys.argv[2], "rb") as file:
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in descriptors.file:
        pool.AddSerializedFile(file.SerializeToString())
    with grpc.insecure_channel(sys.argv[1]) as channel:
        print(json.dumps([play(channel, pool, call) for call in json.load(sys.stdin)]))


main()
