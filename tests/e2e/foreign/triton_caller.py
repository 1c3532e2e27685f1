"""A client of KServe's V2 protocol with NVIDIA's package `tritonclient`, over gRPC and REST.

Arguments: address, token, connection over gRPC, connection over REST. Standard input: lines of JSON, each a call {"n",
"over": "grpc" or "http", "what": "live", "metadata", "infer" or "stream", "model", "texts": {name: [text]}, "numbers",
"binary": false for JSON, "timeout": seconds, "cancel": after so many responses}, one after another. Standard output: a
line for each: "n", "error", "texts", "numbers", "pieces".
"""

import json
import queue
import sys

import numpy as np
import tritonclient.grpc
import tritonclient.http

address, token, over_grpc, over_http = sys.argv[1:]
authorization = {"authorization": f"Bearer {token}"}
clients = {
    "grpc": tritonclient.grpc.InferenceServerClient(address),
    "http": tritonclient.http.InferenceServerClient(f"{address}/{over_http}", network_timeout=120),
}
headers = {"grpc": {**authorization, "countersign-connection": over_grpc}, "http": authorization}


def inputs_of(call, library):
    inputs = []
    # Over gRPC this package knows raw buffers only.
    form = {"binary_data": call.get("binary", True)} if library is tritonclient.http else {}
    for name, texts in call.get("texts", {}).items():
        inputs.append(library.InferInput(name, [len(texts)], "BYTES"))
        inputs[-1].set_data_from_numpy(np.array([text.encode() for text in texts], dtype=np.object_), **form)
    if "numbers" in call:
        inputs.append(library.InferInput("numbers", [len(call["numbers"])], "FP32"))
        inputs[-1].set_data_from_numpy(np.array(call["numbers"], dtype=np.float32), **form)
    return inputs


def decoded(array):
    return [one.decode() if isinstance(one, bytes) else str(one) for one in array.reshape(-1)]


def shown(result, call):
    entry = {"texts": {name: decoded(result.as_numpy(name)) for name in call.get("texts", {})}}
    if "numbers" in call:
        entry["numbers"] = [float(one) for one in result.as_numpy("numbers")]
    return entry


def stream(call):
    """ModelStreamInfer: the pieces of the first output; it ends after `call["responses"]` of them, or an error."""
    client, answers, pieces = clients["grpc"], queue.Queue(), []
    [name] = call["texts"]
    client.start_stream(callback=lambda result, error: answers.put((result, error)), headers=headers["grpc"])
    try:
        client.async_stream_infer(call["model"], inputs_of(call, tritonclient.grpc), request_id="r-1",
                                  parameters=call.get("parameters"))
        while len(pieces) < call.get("cancel", call["responses"]):
            result, error = answers.get(timeout=60)
            if error:
                return {"pieces": pieces, "error": str(error)}
            output = result.as_numpy(name)
            pieces.append("" if output is None else "".join(decoded(output)))
    finally:
        client.stop_stream(cancel_requests="cancel" in call)
    return {"pieces": pieces}


def play(call):
    over, what = call["over"], call.get("what", "infer")
    client = clients[over]
    if what == "live":
        return {"live": client.is_server_live(headers=headers[over])}
    if what == "metadata":
        metadata = client.get_model_metadata(call["model"], headers=headers[over])
        return {"name": metadata["name"] if over == "http" else metadata.name}
    if what == "stream":
        return stream(call)
    library = tritonclient.grpc if over == "grpc" else tritonclient.http
    how = {"client_timeout": call["timeout"]} if over == "grpc" and "timeout" in call else {}
    # The package adds to the headers that it is given.
    return shown(client.infer(call["model"], inputs_of(call, library), headers=dict(headers[over]), **how), call)


for line in sys.stdin:
    call = json.loads(line)
    try:
        result = play(call)
    except Exception as error:  # of either library
        result = {"error": str(error)}
    print(json.dumps({"n": call["n"], **result}), flush=True)
