// Writes the OpenAPI document of a descriptor set as a C++ source:
//   openapi_generator DESCRIPTORS VERSION OUT.cc

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "services/edge/admin/openapi/openapi_writer.h"

namespace {

// Compilers limit the length of one literal.
std::string ToLiterals(const std::string& text) {
  constexpr std::size_t kPiece = 4000;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    out += "    R\"openapi(" + text.substr(at, kPiece) + ")openapi\"\n";
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: openapi_generator DESCRIPTORS VERSION OUT.cc\n";
    return 2;
  }
  std::ifstream input(argv[1], std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(input)), {});
  google::protobuf::FileDescriptorSet files;
  if (!input || !files.ParseFromString(bytes)) {
    std::cerr << "openapi_generator: " << argv[1] << " is not a descriptor set\n";
    return 1;
  }
  std::ofstream output(argv[3]);
  output << "#include \"services/edge/admin/openapi/openapi_document.h\"\n\n"
         << "namespace countersign::edge::admin::openapi {\n\n"
         << "absl::string_view OpenApiDocument() {\n  return\n"
         << ToLiterals(countersign::edge::admin::openapi::WriteOpenApi(files, argv[2]))
         << "      ;\n}\n\n}  // namespace countersign::edge::admin::openapi\n";
  output.close();
  if (output) return 0;
  std::cerr << "openapi_generator: cannot write " << argv[3] << "\n";
  return 1;
}
