#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// What machines write, as models quote it: texts for measuring streams, made from a seed, so that
// runs compare. Nothing in them is what the default set masks.
namespace countersign::bench {

std::string LogLines(std::size_t bytes, std::uint32_t seed);
std::string CsvRows(std::size_t bytes, std::uint32_t seed);
std::string SourceCode(std::size_t bytes, std::uint32_t seed);

// Pieces of all of these, of prose and of what begins like a secret, of some hundred bytes each.
std::string MixedText(std::size_t bytes, std::uint32_t seed);

}  // namespace countersign::bench
