#include "libs/config/resource_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "libs/base/status.h"
#include "libs/config/text_file.h"

namespace countersign::config {
namespace {

namespace fs = std::filesystem;

bool IsResourceFile(const fs::directory_entry& entry) {
  const std::string extension = entry.path().extension();
  std::error_code error;
  return (extension == ".yaml" || extension == ".yml" || extension == ".json") &&
         !entry.is_directory(error);
}

absl::StatusOr<std::vector<std::string>> ListFiles(const std::string& path, bool recursive) {
  std::error_code error;
  if (path == "-" || !fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  fs::recursive_directory_iterator at(path, error);
  while (!error && at != fs::recursive_directory_iterator()) {
    if (IsResourceFile(*at)) files.push_back(at->path());
    if (!recursive) at.disable_recursion_pending();
    at.increment(error);
  }
  if (error) return absl::PermissionDeniedError(absl::StrCat(path, ": ", error.message()));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

absl::StatusOr<std::vector<SourceFile>> ReadResourceFiles(const std::vector<std::string>& paths,
                                                          bool recursive) {
  std::vector<SourceFile> files;
  for (const std::string& path : paths) {
    CS_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFiles(path, recursive));
    for (const std::string& name : names) {
      CS_ASSIGN_OR_RETURN(std::string content, ReadFile(name));
      files.push_back({name == "-" ? "standard input" : name, std::move(content)});
    }
  }
  if (files.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("no resource files in ", absl::StrJoin(paths, ", ")));
  }
  return files;
}

absl::StatusOr<ExternalValues> ReadExternalValues(const std::vector<SourceFile>& files) {
  ExternalValues values;
  for (const SourceFile& file : files) {
    for (const std::string& key : ExternalValueKeys({file})) {
      std::string value;
      absl::string_view name = key;
      if (absl::ConsumePrefix(&name, "env:")) {
        value = Environment(std::string(name).c_str());
        if (value.empty()) continue;
      } else {
        const bool binary = absl::ConsumePrefix(&name, "binary:");
        if (!binary) absl::ConsumePrefix(&name, "file:");
        const absl::StatusOr<std::string> content =
            ReadFile(fs::path(file.name).parent_path() / std::string(name));
        if (!content.ok()) continue;
        value = binary ? absl::Base64Escape(*content) : *content;
      }
      const auto [known, fresh] = values.emplace(key, value);
      if (!fresh && known->second != value) {
        return absl::InvalidArgumentError(
            absl::StrCat(file.name, ": ", name,
                         " is another file than for an earlier resource file of this "
                         "call; write its absolute path"));
      }
    }
  }
  return values;
}

}  // namespace countersign::config
