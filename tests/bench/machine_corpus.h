#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// Machine-written text as models quote it, for measuring streams; generated from a seed, so that
// runs are comparable. The default set masks nothing in it.
namespace countersign::bench {

std::string LogLines(std::size_t bytes, std::uint32_t seed);
std::string CsvRows(std::size_t bytes, std::uint32_t seed);
std::string SourceCode(std::size_t bytes, std::uint32_t seed);

// Pieces of a few hundred bytes of all of these, of prose, and of text that starts like a secret.
std::string MixedText(std::size_t bytes, std::uint32_t seed);

}  // namespace countersign::bench
