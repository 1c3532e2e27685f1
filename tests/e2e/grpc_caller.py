"""A gRPC client with the official Python packages, which knows the gateway's messages from reflection alone.

Arguments: address. Standard input: a JSON list of calls {"method": "package.Service/Method", "request" ("requests"
where they are a stream), "token", "timeout", "gzip", "take": how many messages of a stream, then cancel}. Standard output: a JSON list with an object for
each: "messages", "code", "message", "reason" and "retry" (of google.rpc.Status); first, an object with the "services".
"""

import json
import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status


def details_of(error):
    found = {"reason": None, "domain": None, "retry": None}
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            found.update(reason=info.reason, domain=info.domain)
        elif detail.Unpack(retry):
            found["retry"] = retry.retry_delay.ToSeconds()
    return found


def play(channel, pool, call):
    service, name = call["method"].split("/")
    method = pool.FindServiceByName(service).methods_by_name[name]
    request_type = message_factory.GetMessageClass(method.input_type)
    response_type = message_factory.GetMessageClass(method.output_type)
    requests = [json_format.ParseDict(one, request_type()) for one in call.get("requests", [call.get("request", {})])]
    request = iter(requests) if method.client_streaming else requests[0]
    kinds = {(False, False): channel.unary_unary, (False, True): channel.unary_stream, (True, True): channel.stream_stream}
    kind = kinds[method.client_streaming, method.server_streaming]
    stub = kind(f"/{call['method']}", request_serializer=request_type.SerializeToString,
                response_deserializer=response_type.FromString)
    compression = grpc.Compression.Gzip if call.get("gzip") else grpc.Compression.NoCompression
    metadata = [("authorization", f"Bearer {call['token']}")] if call.get("token") else []
    got = {"messages": [], "code": "OK"}
    try:
        answer = stub(request, timeout=call.get("timeout", 60), metadata=metadata, compression=compression)
        for message in answer if method.server_streaming else [answer]:
            got["messages"].append(json_format.MessageToDict(message))
            if len(got["messages"]) == call.get("take"):
                answer.cancel()
    except grpc.RpcError as error:
        got.update(code=error.code().name, message=error.details())
        if error.code() != grpc.StatusCode.CANCELLED:
            got.update(details_of(error))
    return got


def main():
    channel = grpc.insecure_channel(sys.argv[1])
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)
    results = [{"services": sorted(database.get_services())}]
    results += [play(channel, pool, call) for call in json.load(sys.stdin)]
    json.dump(results, sys.stdout)


main()
