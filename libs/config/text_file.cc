#include "libs/config/text_file.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace countersign::config {
namespace {

absl::Status Unreadable(const std::string& path, int code) {
  const std::string text = absl::StrCat("cannot read ", path, ": ", std::strerror(code));
  if (code == ENOENT) return absl::NotFoundError(text);
  if (code == EACCES || code == EPERM) return absl::PermissionDeniedError(text);
  return absl::UnknownError(text);
}

std::string Rest(std::istream& in) {
  return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  if (path == "-") return Rest(std::cin);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unreadable(path, errno);
  errno = 0;
  file.peek();  // A directory can be opened but not read.
  if (errno != 0) return Unreadable(path, errno);
  file.clear();
  std::string content = Rest(file);
  if (file.bad()) return Unreadable(path, errno);
  return content;
}

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace countersign::config
