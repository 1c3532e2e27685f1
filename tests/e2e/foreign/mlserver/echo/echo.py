"""A model for MLServer: answers each input as an output of the same name, and streams the first one in pieces."""

from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput


def same(tensor):
    return ResponseOutput(name=tensor.name, shape=tensor.shape, datatype=tensor.datatype, data=tensor.data,
                          parameters=tensor.parameters)


class Echo(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=[same(one) for one in payload.inputs])

    async def predict_stream(self, payloads):
        async for payload in payloads:
            [text] = payload.inputs[0].data.root
            text = text.decode() if isinstance(text, bytes) else text
            for piece in text:
                yield InferenceResponse(model_name=self.name, id=payload.id, outputs=[ResponseOutput(
                    name="text_output", shape=[1], datatype="BYTES", data=[piece])])
