#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "libs/text/detectors/address_codes.h"
#include "libs/text/detectors/check_digits.h"
#include "libs/text/detectors/tables.h"

namespace countersign::text::detectors {
namespace {

// The second character of a number of so many bytes under a known first one lies in a range (the
// least and the largest payload, encoded): English words seldom do.
#define CS_BASE58 "[1-9A-HJ-NP-Za-km-z]"
constexpr char kBase58AddressPattern[] =
    "1" CS_BASE58
    "{25,33}|(?:3[1-9A-HJ-NP-R]|m[f-km-z]|n[1-4]|L[K-NP-Za-i]|M[7-9A-HJ-NP-X]|D[5-9A-HJ-NP-U]|"
    "9[r-z]|A[1-9A-F]|X[a-km-z]|7[S-Za-km-q]|T[9A-HJ-NP-Z]|2[MN]" CS_BASE58
    "|t(?:1[H-NP-Za-h]|3[J-NP-Za-h]))" CS_BASE58 "{32}";
constexpr char kWalletKeyPattern[] =
    "(?:5[HJK]|9[1-3])" CS_BASE58 "{49}|(?:K[w-z]|L[1-5]|c[MNP-W])" CS_BASE58 "{50}";
#undef CS_BASE58

// Version bytes of one-byte base58check addresses: Bitcoin 0 and 5 (test 111, 196), Litecoin 48 and
// 50, Dogecoin 30 and 22, Dash 76 and 16, Tron 65.
bool IsBase58Address(absl::string_view match) {
  constexpr std::array<unsigned char, 11> kVersions = {0, 5, 111, 196, 48, 50, 30, 22, 76, 16, 65};
  const auto bytes = DecodeBase58Check(match, kBitcoinAlphabet);
  if (!bytes) return false;
  // Zcash has two bytes of version: 0x1CB8 and 0x1CBD.
  if (bytes->size() == 22) return (*bytes)[0] == '\x1c';
  const auto version = static_cast<unsigned char>((*bytes)[0]);
  return bytes->size() == 21 &&
         std::find(kVersions.begin(), kVersions.end(), version) != kVersions.end();
}

// A private key in wallet import format: version 128 or 239, 32 bytes, with or without the mark of
// a compressed public key.
bool IsWalletKey(absl::string_view match) {
  const auto bytes = DecodeBase58Check(match, kBitcoinAlphabet);
  return bytes && (bytes->size() == 33 || bytes->size() == 34) &&
         ((*bytes)[0] == '\x80' || (*bytes)[0] == '\xef');
}

bool IsRippleAddress(absl::string_view match) {
  const auto bytes = DecodeBase58Check(match, kRippleAlphabet);
  return bytes && bytes->size() == 21 && (*bytes)[0] == '\0';
}

bool IsSolanaAddress(absl::string_view match) {
  const auto bytes = DecodeBase58(match, kBitcoinAlphabet);
  return bytes && bytes->size() == 32 && LooksRandom(match);
}

bool IsOneCase(absl::string_view match) {
  const absl::string_view digits = match.substr(2);
  return EntropyOf(digits) > 2.5 &&
         (digits == absl::AsciiStrToLower(digits) || digits == absl::AsciiStrToUpper(digits));
}

bool IsMonero(absl::string_view match) { return LooksRandom(match); }

constexpr char kWalletWords[] =
    "wallet address addr crypto coin deposit withdraw withdrawal send transfer account recipient "
    "payout donate donation token contract";

}  // namespace

std::vector<Detector> CryptoAddressDetectors() {
  const std::string wallet = kWalletWords;
  return {
      {.entity = "crypto_address",
       .pattern = kBase58AddressPattern,
       .check = {"base58check", IsBase58Address},
       .priority = 20,
       .source = "Bitcoin wiki, Base58Check encoding; chainparams of each coin",
       .found = {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                 "DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
                 "mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn"},
       .missed = {"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "TheQuickBrownFoxJumpsoverTheLazy"}},
      {.entity = "crypto_address",
       .pattern = "(?i:bc1|tb1|ltc1|bcrt1)[02-9AC-HJ-NP-Zac-hj-np-z]{20,87}",
       .check = {"bech32", PassesBech32},
       .priority = 20,
       .source = "BIP 173, BIP 350",
       .found = {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                 "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                 "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
       .missed = {"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"}},
      {.entity = "crypto_address",
       .pattern = "(?:addr1|addr_test1|stake1|cosmos1|osmo1|terra1|inj1|celestia1|zs1)"
                  "[02-9ac-hj-np-z]{38,110}",
       .check = {"bech32", PassesBech32},
       .priority = 20,
       .source = "BIP 173; CIP-19 (Cardano), ICS-030 (Cosmos)",
       .found = {"addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8"},
       .missed = {"addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl9"}},
      {.entity = "crypto_address",
       .pattern = "0x[0-9A-Fa-f]{40}",
       .check = {"eip55", PassesEip55},
       .priority = 20,
       .source = "EIP-55",
       .found = {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                 "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"},
       .missed = {"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
                  "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"}},
      {.entity = "crypto_address",
       .pattern = "0x(?:[0-9a-f]{40}|[0-9A-F]{40})",
       .check = {"one_case", IsOneCase},
       .priority = 20,
       .source = "Ethereum yellow paper, addresses without EIP-55",
       .found = {"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"},
       .missed = {"0x0000000000000000000000000000000000000000",
                  "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed00",
                  "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"}},
      {.entity = "crypto_address",
       .pattern = "r[1-9A-HJ-NP-Za-km-z]{24,34}",
       .check = {"base58check_ripple", IsRippleAddress},
       .priority = 20,
       .context = Near("ripple xrp xrpl " + wallet),
       .source = "XRP Ledger, base58 encodings",
       .found = {"XRP [[rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh]]"},
       .missed = {"rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh", "xrp rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTi"}},
      {.entity = "crypto_address",
       .pattern = "4[0-9AB][1-9A-HJ-NP-Za-km-z]{93}|8[1-9A-HJ-NP-Za-km-z]{94}",
       .check = {"random", IsMonero},
       .priority = 20,
       .source = "Monero standard and sub-addresses: network byte 18 or 42, 69 bytes in base58",
       .found = {"4A{B93}", "8{B94}"},
       .missed = {"4A{B94}", "4A{B92}"}},
      {.entity = "crypto_address",
       .pattern = "[1-9A-HJ-NP-Za-km-z]{32,44}",
       .check = {"base58_32_bytes", IsSolanaAddress},
       .priority = 15,
       .context = Near("solana sol spl phantom lamports"),
       .source = "Solana documentation, accounts",
       .found = {"Solana: [[9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM]]"},
       .missed = {"9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM"}},
      {.entity = "crypto_address",
       .pattern = "G[A-Z2-7]{55}",
       .check = {"stellar", PassesStellar},
       .priority = 20,
       .source = "Stellar SEP-23",
       .found = {"GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ"},
       .missed = {"GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGA"}},
      {.entity = "private_key",
       .pattern = "S[A-Z2-7]{55}",
       .check = {"stellar", PassesStellar},
       .priority = 20,
       .source = "Stellar SEP-23, secret seeds",
       .found = {"SBCXY5U7HHMGIQMZYDS33PH3ZBNTPTURZPPB7QNQ5JVUJ4JQINW5OKK7"},
       .missed = {"SBCXY5U7HHMGIQMZYDS33PH3ZBNTPTURZPPB7QNQ5JVUJ4JQINW5OKKA"}},
      {.entity = "private_key",
       .pattern = kWalletKeyPattern,
       .check = {"wallet_import_format", IsWalletKey},
       .priority = 20,
       .source = "Bitcoin wiki, wallet import format",
       .found = {"5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"},
       .missed = {"5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTK"}},
      {.entity = "private_key",
       .pattern = "[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107,108}",
       .priority = 20,
       .source = "BIP 32, extended private keys",
       .found = {"xprv{B107}"},
       .missed = {"xpub{B107}", "xprv{B90}"}},
  };
}

}  // namespace countersign::text::detectors
