// The main function of a fuzz target without libFuzzer:
//   NAME_fuzz CORPUS_FOLDER [ROUNDS [SEED]]
// Runs every file of the folder, then ROUNDS mutations of them, reproducible by SEED. A target
// aborts when it finds something; the input is then in the file printed first.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_input.h"

namespace {

constexpr std::size_t kMaxInput = 4096;

std::vector<std::string> ReadCorpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, std::uint32_t seed)
      : corpus_(corpus), random_(seed) {}

  std::string Next() {
    std::string input = Any();
    for (std::size_t changes = 1 + Below(4); changes > 0; --changes) Change(input);
    if (input.size() > kMaxInput) input.resize(kMaxInput);
    return input;
  }

 private:
  std::size_t Below(std::size_t n) { return random_() % n; }
  const std::string& Any() { return corpus_[Below(corpus_.size())]; }

  // A stretch of another input: inserting parts of one input into another finds most.
  std::string Stretch() {
    const std::string& from = Any();
    if (from.empty()) return "";
    const std::size_t begin = Below(from.size());
    return from.substr(begin, 1 + Below(24));
  }

  void Change(std::string& input) {
    const std::size_t at = Below(input.size() + 1);
    switch (Below(6)) {
      case 0: input.insert(at, Stretch()); break;
      case 1: input.replace(at, Below(8), Stretch()); break;
      case 2: input.erase(at, 1 + Below(8)); break;
      case 3: input.insert(at, 1, static_cast<char>(random_())); break;
      case 4:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << Below(8)));
        break;
      default: input += input.substr(at, Below(200));
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937 random_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: " << argv[0] << " CORPUS_FOLDER [ROUNDS [SEED]]\n";
    return 2;
  }
  const std::vector<std::string> corpus = ReadCorpus(argv[1]);
  if (corpus.empty()) {
    std::cerr << argv[1] << " holds no files\n";
    return 1;
  }
  const std::size_t rounds = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2000;
  const auto seed = static_cast<std::uint32_t>(argc > 3 ? std::strtoul(argv[3], nullptr, 10)
                                                        : std::random_device{}());
  const std::string failing =
      (std::filesystem::temp_directory_path() /
       (std::filesystem::path(argv[0]).filename().string() + "." + std::to_string(seed)))
          .string();
  std::cout << corpus.size() << " files, " << rounds << " mutations, seed " << seed
            << "; an input that fails is left in " << failing << std::endl;

  const auto run = [&](const std::string& input) {
    std::ofstream(failing, std::ios::binary).write(input.data(), static_cast<long>(input.size()));
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  };
  for (const std::string& input : corpus) run(input);
  Mutator mutator(corpus, seed);
  for (std::size_t i = 0; i < rounds; ++i) run(mutator.Next());
  std::filesystem::remove(failing);
  return 0;
}
