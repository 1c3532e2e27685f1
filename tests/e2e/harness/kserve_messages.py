"""The messages of KServe's V2 protocol with Triton's ModelStreamInfer, made of a table instead of a generated file."""

import struct

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SERVICE = "/inference.GRPCInferenceService/"

# message: fields as (number, name, type, repeated?); a type in capitals is a message's.
_TENSOR = [(1, "name", "string"), (2, "datatype", "string"), (3, "shape", "int64", True),
           (4, "parameters", "Parameter", "map"), (5, "contents", "Contents")]
_HEAD = [(1, "model_name", "string"), (2, "model_version", "string"), (3, "id", "string"),
         (4, "parameters", "Parameter", "map")]
_MESSAGES = {
    "Parameter": [(1, "bool_param", "bool", "one"), (2, "int64_param", "int64", "one"),
                  (3, "string_param", "string", "one"), (4, "double_param", "double", "one"),
                  (5, "uint64_param", "uint64", "one")],
    "Contents": [(1, "bool_contents", "bool", True), (2, "int_contents", "int32", True),
                 (3, "int64_contents", "int64", True), (4, "uint_contents", "uint32", True),
                 (5, "uint64_contents", "uint64", True), (6, "fp32_contents", "float", True),
                 (7, "fp64_contents", "double", True), (8, "bytes_contents", "bytes", True)],
    "Input": _TENSOR,
    "Output": _TENSOR,
    "Requested": [(1, "name", "string"), (2, "parameters", "Parameter", "map")],
    "ModelInferRequest": [*_HEAD, (5, "inputs", "Input", True), (6, "outputs", "Requested", True),
                          (7, "raw_input_contents", "bytes", True)],
    "ModelInferResponse": [*_HEAD, (5, "outputs", "Output", True), (6, "raw_output_contents", "bytes", True)],
    "ModelStreamInferResponse": [(1, "error_message", "string"), (2, "infer_response", "ModelInferResponse")],
    "ServerLiveRequest": [],
    "ServerLiveResponse": [(1, "live", "bool")],
    "ModelReadyRequest": [(1, "name", "string"), (2, "version", "string")],
    "ModelReadyResponse": [(1, "ready", "bool")],
    "ModelMetadataRequest": [(1, "name", "string"), (2, "version", "string")],
    "ModelMetadataResponse": [(1, "name", "string"), (2, "versions", "string", True), (3, "platform", "string")],
}


def _make_file():
    file = descriptor_pb2.FileDescriptorProto(name="kserve.proto", package="inference", syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field_name, kind, *form in fields:
            field = message.field.add(number=number, name=field_name)
            field.label = field.LABEL_REPEATED if form and form[0] in (True, "map") else field.LABEL_OPTIONAL
            if form == ["map"]:
                entry = message.nested_type.add(name=f"{field_name.title()}Entry")
                entry.options.map_entry = True
                entry.field.add(number=1, name="key", type=9, label=1)
                entry.field.add(number=2, name="value", type=11, type_name=f".inference.{kind}", label=1)
                field.type, field.type_name = field.TYPE_MESSAGE, f".inference.{name}.{entry.name}"
            elif kind in _MESSAGES:
                field.type, field.type_name = field.TYPE_MESSAGE, f".inference.{kind}"
            else:
                field.type = getattr(field, f"TYPE_{kind.upper()}")
            if form == ["one"]:
                if not message.oneof_decl:
                    message.oneof_decl.add(name="choice")
                field.oneof_index = 0
    return file


_pool = descriptor_pool.DescriptorPool()
_pool.Add(_make_file())


def message_class(name):
    return message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"inference.{name}"))


def pack(elements):
    """A raw buffer of a BYTES tensor."""
    return b"".join(struct.pack("<I", len(one)) + one for one in elements)


def unpack(buffer):
    elements = []
    while buffer:
        (size,) = struct.unpack_from("<I", buffer)
        elements.append(buffer[4:4 + size])
        buffer = buffer[4 + size:]
    return elements


def elements_of(tensor, raw):
    """The elements of a BYTES tensor in either form."""
    return unpack(raw) if raw is not None else list(tensor.contents.bytes_contents)
