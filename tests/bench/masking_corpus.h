#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// Texts for measuring masking, generated from a seed, so that runs are comparable.
namespace countersign::bench {

// English as an assistant writes it: sixty sentences in random order, with names, numbers, dates
// and amounts in their slots, in paragraphs. About one sentence in `sentences_per_entity` contains
// something that the default set masks (a card number, an e-mail address, a phone number, an
// account, an address, a key); none if 0.
std::string Prose(std::size_t bytes, std::uint32_t seed, std::size_t sentences_per_entity);

// Repeats `piece` up to `bytes`.
std::string Repeated(const std::string& piece, std::size_t bytes);

}  // namespace countersign::bench
