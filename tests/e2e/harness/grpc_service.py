"""A real gRPC server of the services in a descriptor set, for tests.

Arguments: descriptor set file, with or without reflection ("reflection", "plain"). Standard output: the port on the
first line, then one JSON object for each call: "method", "authorization", "messages".

An answer is what the last text of the request says after "Say exactly: ", else the text itself. Where both sides stream
each message is answered, and printed, when it comes.
"""

import concurrent.futures
import json
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha import reflection


def last_text(method, message):
    if method.endswith("/Predict"):
        return message.inputs["text"].string_val[-1].decode()
    return message.text if hasattr(message, "text") else message.turns[-1].content


def make_answers(method, reply, messages):
    text = last_text(method, messages[-1]).split("Say exactly: ")[-1]
    if method.endswith("/Generate"):
        return [reply(chunk={"token_ids": [7, 8], "completion_tokens": 2})]
    if method.endswith("/Predict"):
        answer = reply(model_spec={"name": "m"})
        answer.outputs["text"].string_val.append(text.encode())
        answer.outputs["text"].dtype = 7
        return [answer]
    cuts = list(messages[-1].cuts) or [max(1, len(text))]
    answers = []
    while text or not answers:
        size = cuts[min(len(answers), len(cuts) - 1)]
        answers.append(reply(id="chat-4111", choices=[{"text": text[:size]}], tokens=len(answers) + 1))
        text = text[size:]
    return answers


def make_handler(pool, service, method):
    request_type = message_factory.GetMessageClass(method.input_type)
    reply_type = message_factory.GetMessageClass(method.output_type)
    path = f"/{service.full_name}/{method.name}"

    def answer(request, context):
        messages = list(request) if method.client_streaming else [request]
        log = {"method": path, "authorization": dict(context.invocation_metadata()).get("authorization"),
               "messages": [json_format.MessageToDict(one) for one in messages]}
        print(json.dumps(log), flush=True)
        if last_text(path, messages[-1]).startswith("Fail: "):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, last_text(path, messages[-1]))
        yield from make_answers(path, reply_type, messages)

    def answer_each(requests, context):
        for request in requests:
            yield from answer(iter([request]), context)

    def answer_once(request, context):
        return list(answer(request, context))[-1]

    kinds = {(False, False): (grpc.unary_unary_rpc_method_handler, answer_once),
             (False, True): (grpc.unary_stream_rpc_method_handler, answer),
             (True, False): (grpc.stream_unary_rpc_method_handler, answer_once),
             (True, True): (grpc.stream_stream_rpc_method_handler, answer_each)}
    make, function = kinds[method.client_streaming, method.server_streaming]
    return make(function, request_deserializer=request_type.FromString,
                response_serializer=reply_type.SerializeToString)


def main():
    with open(sys.argv[1], "rb") as file:
        descriptors = descriptor_pb2.FileDescriptorSet.FromString(file.read())
    pool = descriptor_pool.Default()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
    names = [reflection.SERVICE_NAME]
    for file in descriptors.file:
        pool.AddSerializedFile(file.SerializeToString())
        for service in pool.FindFileByName(file.name).services_by_name.values():
            handlers = {method.name: make_handler(pool, service, method) for method in service.methods}
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service.full_name, handlers)])
            names.append(service.full_name)
    if sys.argv[2] == "reflection":
        reflection.enable_server_reflection(names, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    server.wait_for_termination()


main()
