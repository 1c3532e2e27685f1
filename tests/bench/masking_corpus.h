#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

// Texts for measuring masking. All are made from a seed, so that runs compare.
namespace countersign::bench {

// English as an assistant writes it: sixty sentences of our own in random order, with
// names, numbers, dates and amounts in their slots, in paragraphs. About one sentence in
// `sentences_per_entity` carries something that the default set masks (a card number, an e-mail
// address, a phone number, an account, an address, a key); 0 for none.
std::string Prose(std::size_t bytes, std::uint32_t seed, std::size_t sentences_per_entity);

// `piece` again and again, up to `bytes`.
std::string Repeated(const std::string& piece, std::size_t bytes);

}  // namespace countersign::bench
