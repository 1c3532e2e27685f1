#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <string>

namespace countersign::edge::admin::openapi {

// An OpenAPI 3.1 document of the RPCs in `files` that declare an access option: the JSON form of
// the Connect protocol, and protobuf's JSON mapping of their messages. Comments of the protos are
// its descriptions. `files` has everything that they import, in topological order, with source info
// (protoc --include_imports --include_source_info). Equal files give equal documents.
std::string WriteOpenApi(const google::protobuf::FileDescriptorSet& files,
                         const std::string& version);

}  // namespace countersign::edge::admin::openapi
