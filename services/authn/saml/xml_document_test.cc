#include "services/authn/saml/xml_document.h"

#include <catch2/catch.hpp>

#include "libs/base/status.h"

namespace countersign::authn::saml {
namespace {

std::string Reason(const std::string& xml) {
  const auto document = XmlDocument::Parse(xml);
  return document.ok() ? "accepted" : GetReason(document.status());
}

std::string Nested(int levels) {
  std::string xml;
  for (int i = 0; i < levels; ++i) xml += "<a>";
  for (int i = 0; i < levels; ++i) xml += "</a>";
  return xml;
}

}  // namespace

TEST_CASE("XmlDocument: elements, attributes and text", "[saml]") {
  const auto document = XmlDocument::Parse(
      R"(<p:a xmlns:p="urn:p" ID="_1" p:x="q">t<b> u<![CDATA[<v>]]>&amp;&#65;</b><p:b/></p:a>)");
  REQUIRE(document.ok());
  const Element root = document->root();
  CHECK(root.Is("urn:p", "a"));
  CHECK(root.Attribute("ID") == "_1");
  CHECK_FALSE(root.Attribute("x").has_value());
  REQUIRE(root.Children().size() == 2);
  CHECK(root.OnlyChild("", "b").Text() == " u<v>&A");
  CHECK(root.OnlyChild("urn:p", "b").parent() == root);
  CHECK_FALSE(root.OnlyChild("urn:q", "b"));
  CHECK_FALSE(root.parent());
  CHECK(document->Elements().size() == 3);
}

TEST_CASE("XmlDocument: what is refused", "[saml]") {
  CHECK(Reason("") == "saml_malformed");
  CHECK(Reason("<a>") == "saml_malformed");
  CHECK(Reason("<a/><b/>") == "saml_malformed");
  CHECK(Reason("<p:a/>") == "saml_malformed");
  CHECK(Reason("<a x='1' x='2'/>") == "saml_malformed");
  CHECK(Reason("<a>\xff</a>") == "saml_malformed");
  CHECK(Reason(std::string("<a/>\0", 5)) == "saml_malformed");
  CHECK(Reason("<!DOCTYPE a><a/>") == "saml_xml_forbidden");
  CHECK(Reason("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>") == "saml_xml_forbidden");
  CHECK(Reason("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>") == "saml_xml_forbidden");
  CHECK(Reason("<a>&e;</a>") == "saml_malformed");
  CHECK(Reason("<a><!-- c --></a>") == "saml_xml_forbidden");
  CHECK(Reason("<!-- c --><a/>") == "saml_xml_forbidden");
  CHECK(Reason("<a/><!-- c -->") == "saml_xml_forbidden");
  CHECK(Reason("<a><?pi?></a>") == "saml_xml_forbidden");
  CHECK(Reason("<?xml version='1.0' encoding='ISO-8859-1'?><a/>") == "saml_xml_forbidden");
  CHECK(Reason("<?xml version='1.0' encoding='UTF-8'?><a/>") == "accepted");
  CHECK(Reason("<a xml:id='x'/>") == "saml_xml_forbidden");
  CHECK(Reason("<a xmlns:p='urn:p' p:ID='x'/>") == "saml_xml_forbidden");
  CHECK(Reason("<a ID='_1'><b ID='_1'/></a>") == "saml_duplicate_id");
  CHECK(Reason("<a ID='_1'><b ID='_2'/></a>") == "accepted");
  CHECK(Reason("<a ID=\"')\"/>") == "saml_malformed");
}

TEST_CASE("XmlDocument: limits", "[saml]") {
  CHECK(Reason(Nested(64)) == "accepted");
  CHECK(Reason(Nested(65)) == "saml_malformed");
  CHECK(Reason(Nested(10'000)) == "saml_malformed");
  const std::string most = "<a>" + std::string(kMaxMessageBytes - 7, 'x') + "</a>";
  CHECK(Reason(most) == "accepted");
  CHECK(Reason(most + " ") == "saml_too_large");
}

TEST_CASE("XmlDocument: comments and instructions may be ignored", "[saml]") {
  CHECK(XmlDocument::Parse("<!-- c --><a><?pi?></a>", 100, Comments::kIgnored).ok());
  CHECK_FALSE(XmlDocument::Parse("<!DOCTYPE a><a/>", 100, Comments::kIgnored).ok());
}

}  // namespace countersign::authn::saml
