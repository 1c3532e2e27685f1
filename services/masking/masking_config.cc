#include "services/masking/masking_config.h"

#include <fstream>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace countersign::masking {
namespace {

constexpr std::size_t kHashKeyBytes = 32;

}  // namespace

MaskingConfig ReadMaskingConfig(config::Fields& section,
                                const std::function<std::string(const std::string&)>& resolve) {
  MaskingConfig config;
  config.large_text_threads = static_cast<std::size_t>(section.Integer(
      "largeTextThreads", static_cast<std::int64_t>(config.large_text_threads), 1, 64));
  config.large_text_queue = static_cast<std::size_t>(section.Integer(
      "largeTextQueue", static_cast<std::int64_t>(config.large_text_queue), 1, 65536));
  const std::string file = section.String("hashKeyFile");
  if (!file.empty()) config.hash_key_file = resolve(file);
  config.analyzers = analysis::ReadAnalyzers(section, resolve);
  return config;
}

absl::StatusOr<SecretString> ReadHashKey(const MaskingConfig& config, RandomSource& random) {
  if (config.hash_key_file.empty()) return SecretString(random.Bytes(kHashKeyBytes));
  std::ifstream stream(config.hash_key_file, std::ios::binary);
  const std::string key((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream || key.size() < kHashKeyBytes) {
    return absl::FailedPreconditionError(absl::StrCat("hashKeyFile ", config.hash_key_file,
                                                      " needs at least ", kHashKeyBytes, " bytes"));
  }
  return SecretString(key);
}

}  // namespace countersign::masking
