#include "services/authn/saml/xml_document.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/base/utf8.h"
#include "services/authn/saml/saml_names.h"

namespace countersign::authn::saml {
namespace {

absl::string_view View(const xmlChar* text) {
  return text == nullptr ? absl::string_view() : reinterpret_cast<const char*>(text);
}

std::string Take(xmlChar* text) {
  std::string copy(View(text));
  xmlFree(text);
  return copy;
}

void DropMessage(void*, const char*, ...) {}

// Ends the parse at a DOCTYPE, so that no declaration is read.
void RefuseDoctype(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  auto* parser = static_cast<xmlParserCtxt*>(context);
  *static_cast<bool*>(parser->_private) = true;
  xmlStopParser(parser);
}

// The node after `node` in document order; counts levels in `depth`.
xmlNode* Next(xmlNode* node, std::size_t& depth) {
  // The children of an entity reference belong to the entity.
  if (node->type != XML_ENTITY_REF_NODE && node->children != nullptr) {
    ++depth;
    return node->children;
  }
  while (node != nullptr && node->next == nullptr) {
    node = node->parent;
    --depth;
    if (node == nullptr || node->type == XML_DOCUMENT_NODE) return nullptr;
  }
  return node == nullptr ? nullptr : node->next;
}

// An NCName in ASCII: an ID that needs no quoting in a Reference.
bool IsPlainId(absl::string_view id) {
  if (id.empty() || id.size() > 256) return false;
  if (!absl::ascii_isalpha(static_cast<unsigned char>(id[0])) && id[0] != '_') return false;
  for (const char c : id) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != '.') {
      return false;
    }
  }
  return true;
}

absl::Status CheckAttributes(const xmlNode& element, std::set<std::string>& ids) {
  for (const xmlAttr* attribute = element.properties; attribute != nullptr;
       attribute = attribute->next) {
    for (const xmlNode* part = attribute->children; part != nullptr; part = part->next) {
      if (part->type != XML_TEXT_NODE) {
        return Refuse(reason::kForbiddenXml, "the document has an entity in an attribute");
      }
    }
    const absl::string_view name = View(attribute->name);
    // libxml2 treats xml:id as an ID, so it could stand for the element that was signed.
    if (attribute->ns != nullptr) {
      if (absl::EqualsIgnoreCase(name, "id")) {
        return Refuse(reason::kForbiddenXml, "the document has an ID with a namespace, as xml:id");
      }
      continue;
    }
    if (name != "ID") continue;
    std::string id = Element(const_cast<xmlNode*>(&element)).Attribute("ID").value_or("");
    if (!IsPlainId(id)) return Refuse(reason::kMalformed, "an element has an ID that is no name");
    if (!ids.insert(std::move(id)).second) {
      return Refuse(reason::kDuplicateId, "two elements have the same ID");
    }
  }
  return absl::OkStatus();
}

}  // namespace

void SilenceLibxml() { xmlSetGenericErrorFunc(nullptr, DropMessage); }

absl::Status Refuse(absl::string_view reason, absl::string_view message) {
  return WithReason(absl::UnauthenticatedError(message), reason);
}

bool Element::Is(absl::string_view ns, absl::string_view name) const {
  return node_ != nullptr && this->name() == name && this->ns() == ns;
}

absl::string_view Element::name() const { return View(node_->name); }

absl::string_view Element::ns() const {
  return node_->ns == nullptr ? absl::string_view() : View(node_->ns->href);
}

std::optional<std::string> Element::Attribute(absl::string_view name) const {
  const std::string copy(name);
  xmlChar* value = xmlGetNoNsProp(node_, reinterpret_cast<const xmlChar*>(copy.c_str()));
  if (value == nullptr) return std::nullopt;
  return Take(value);
}

std::string Element::Text() const { return Take(xmlNodeGetContent(node_)); }

std::vector<Element> Element::Children() const {
  std::vector<Element> children;
  for (xmlNode* child = node_->children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) children.emplace_back(child);
  }
  return children;
}

std::vector<Element> Element::Children(absl::string_view ns, absl::string_view name) const {
  std::vector<Element> children = Children();
  std::erase_if(children, [&](const Element& child) { return !child.Is(ns, name); });
  return children;
}

Element Element::OnlyChild(absl::string_view ns, absl::string_view name) const {
  const std::vector<Element> children = Children(ns, name);
  return children.size() == 1 ? children[0] : Element();
}

Element Element::parent() const {
  xmlNode* parent = node_->parent;
  return Element(parent != nullptr && parent->type == XML_ELEMENT_NODE ? parent : nullptr);
}

XmlDocument::XmlDocument(_xmlDoc* doc) : doc_(doc, xmlFreeDoc) {}

absl::StatusOr<XmlDocument> XmlDocument::Parse(absl::string_view bytes, std::size_t max_bytes,
                                               Comments comments) {
  if (bytes.size() > max_bytes) {
    return Refuse(reason::kTooLarge,
                  absl::StrCat("the document is over ", max_bytes >> 10, " KiB"));
  }
  if (bytes.empty() || !IsUtf8(bytes) || absl::StrContains(bytes, '\0')) {
    return Refuse(reason::kMalformed, "the document is not UTF-8");
  }
  SilenceLibxml();
  const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> parser(xmlNewParserCtxt(),
                                                                            xmlFreeParserCtxt);
  bool has_doctype = false;
  parser->_private = &has_doctype;
  parser->sax->internalSubset = RefuseDoctype;
  xmlDoc* parsed =
      xmlCtxtReadMemory(parser.get(), bytes.data(), static_cast<int>(bytes.size()), nullptr,
                        nullptr, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  XmlDocument document(parsed);
  if (has_doctype) return Refuse(reason::kForbiddenXml, "the document has a DOCTYPE");
  if (parsed == nullptr || parser->wellFormed == 0 || parser->nsWellFormed == 0 ||
      xmlDocGetRootElement(parsed) == nullptr) {
    return Refuse(reason::kMalformed, "the document is not well-formed XML");
  }
  const absl::string_view encoding = View(parsed->encoding);
  if (!encoding.empty() && !absl::EqualsIgnoreCase(encoding, "utf-8")) {
    return Refuse(reason::kForbiddenXml, "the document declares another encoding than UTF-8");
  }
  CS_RETURN_IF_ERROR(document.CheckNodes(comments));
  return document;
}

Element XmlDocument::root() const { return Element(xmlDocGetRootElement(doc_.get())); }

std::vector<Element> XmlDocument::Elements() const {
  std::vector<Element> elements;
  std::size_t depth = 1;
  for (xmlNode* node = doc_->children; node != nullptr; node = Next(node, depth)) {
    if (node->type == XML_ELEMENT_NODE) elements.emplace_back(node);
  }
  return elements;
}

absl::Status XmlDocument::CheckNodes(Comments comments) const {
  std::set<std::string> ids;
  std::size_t depth = 1;
  for (xmlNode* node = doc_->children; node != nullptr; node = Next(node, depth)) {
    if (depth > kMaxXmlDepth) {
      return Refuse(reason::kMalformed,
                    absl::StrCat("the document is nested over ", kMaxXmlDepth, " levels"));
    }
    switch (node->type) {
      case XML_ELEMENT_NODE: CS_RETURN_IF_ERROR(CheckAttributes(*node, ids)); break;
      case XML_TEXT_NODE:
      case XML_CDATA_SECTION_NODE: break;
      case XML_COMMENT_NODE:
      case XML_PI_NODE:
        if (comments == Comments::kIgnored) break;
        [[fallthrough]];
      default:
        return Refuse(reason::kForbiddenXml,
                      "the document has a comment, a processing instruction or an entity");
    }
  }
  return absl::OkStatus();
}

}  // namespace countersign::authn::saml
