#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct _xmlDoc;
struct _xmlNode;

// XML as SAML needs it: parsed once, strictly, without a DTD and without input beside the bytes.
namespace countersign::authn::saml {

inline constexpr std::size_t kMaxMessageBytes = 256u << 10;
inline constexpr std::size_t kMaxMetadataBytes = 4u << 20;
inline constexpr std::size_t kMaxXmlDepth = 64;

// What happens to comments and processing instructions.
enum class Comments { kRefused, kIgnored };

// Drops libxml2's messages on this thread, which would hold parts of documents.
void SilenceLibxml();

// UNAUTHENTICATED with the reason. `message` never quotes the document.
absl::Status Refuse(absl::string_view reason, absl::string_view message);

// A view of one element of a document. Valid as long as the document.
class Element {
 public:
  Element() = default;
  explicit Element(_xmlNode* node) : node_(node) {}

  explicit operator bool() const { return node_ != nullptr; }
  bool operator==(const Element& other) const { return node_ == other.node_; }
  bool Is(absl::string_view ns, absl::string_view name) const;
  absl::string_view name() const;  // without prefix
  absl::string_view ns() const;    // "" for none

  // The value of the attribute without namespace; nullopt when absent.
  std::optional<std::string> Attribute(absl::string_view name) const;
  // The text of the element and all that is in it.
  std::string Text() const;
  std::vector<Element> Children() const;  // elements only
  std::vector<Element> Children(absl::string_view ns, absl::string_view name) const;
  // The only child of this name; null when there is none or more than one.
  Element OnlyChild(absl::string_view ns, absl::string_view name) const;
  Element parent() const;  // null for the root
  _xmlNode* node() const { return node_; }

 private:
  _xmlNode* node_ = nullptr;
};

// A parsed document. Movable. Not thread-safe.
class XmlDocument {
 public:
  // Accepts well-formed UTF-8 of at most `max_bytes` and kMaxXmlDepth levels without DOCTYPE,
  // entities, `xml:id` and, unless they are ignored, comments and processing instructions, in which
  // no two elements have the same `ID`. Each refusal is UNAUTHENTICATED with its reason
  // (saml_names.h).
  static absl::StatusOr<XmlDocument> Parse(absl::string_view bytes,
                                           std::size_t max_bytes = kMaxMessageBytes,
                                           Comments comments = Comments::kRefused);

  Element root() const;
  _xmlDoc* doc() const { return doc_.get(); }
  // All elements in document order.
  std::vector<Element> Elements() const;

 private:
  explicit XmlDocument(_xmlDoc* doc);
  absl::Status CheckNodes(Comments comments) const;

  std::shared_ptr<_xmlDoc> doc_;
};

}  // namespace countersign::authn::saml
