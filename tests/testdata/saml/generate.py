#!/usr/bin/env python3
"""Writes the files of this folder: SAML messages as attackers change them, and some that are good, each with a verdict.
Copies those of the initial inputs of the fuzz target to tests/fuzz/corpus/saml.

  tests/testdata/saml/generate.py        (needs the command openssl)

Makes new keys each time and throws them away. Documents are canonical by construction, so that they are signed without
an XML library. verdicts.tsv has a line per file: name, verdict, what it is. A verdict is `accepted` (as alice) or the
reason of the refusal. All are judged at NOW with the metadata of metadata.xml.
"""
import base64
import hashlib
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
NOW = "2027-01-15T08:00:00Z"
LATER = "2027-01-15T08:05:00Z"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
DS = "http://www.w3.org/2000/09/xmldsig#"
IDP = "https://idp.example/saml"
AUDIENCE = "https://countersign.example"
RECIPIENT = "https://countersign.example/saml/acs"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DS + "enveloped-signature"
RSA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
CORPUS = os.path.join(HERE, "../../fuzz/corpus/saml")
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"


class Signer:
    """A fresh RSA key with a self-signed certificate."""

    def __init__(self, folder, name):
        self.key = os.path.join(folder, name + ".key")
        certificate = os.path.join(folder, name + ".der")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key, "-outform", "DER",
                        "-out", certificate, "-days", "1", "-subj", "/CN=" + name], check=True, capture_output=True)
        with open(certificate, "rb") as f:
            self.certificate = base64.b64encode(f.read()).decode()
        modulus = subprocess.run(["openssl", "rsa", "-in", self.key, "-noout", "-modulus"], check=True,
                                 capture_output=True).stdout.decode().strip().split("=")[1]
        self.modulus = base64.b64encode(bytes.fromhex(modulus)).decode()

    def sign(self, data, digest="sha256"):
        done = subprocess.run(["openssl", "dgst", "-" + digest, "-sign", self.key], input=data.encode(), check=True,
                              capture_output=True)
        return base64.b64encode(done.stdout).decode()


def transform(algorithm, inner=""):
    return f'<ds:Transform Algorithm="{algorithm}">{inner}</ds:Transform>'


def reference(uri, data, transforms=None, method=SHA256, digest="sha256"):
    value = base64.b64encode(hashlib.new(digest, data.encode()).digest()).decode()
    transforms = transform(ENVELOPED) + transform(EXC) if transforms is None else transforms
    return (f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm="{method}">'
            f"</ds:DigestMethod><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>")


def signed_info(references, method=RSA256, c14n=EXC):
    return (f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{c14n}"></ds:CanonicalizationMethod>'
            f'<ds:SignatureMethod Algorithm="{method}"></ds:SignatureMethod>{references}</ds:SignedInfo>')


def signature(signer, info, after="", digest="sha256"):
    # Within the Signature, which declares it, SignedInfo's own declaration is not canonical.
    inner = info.replace(f' xmlns:ds="{DS}"', "", 1)
    return (f'<ds:Signature xmlns:ds="{DS}">{inner}<ds:SignatureValue>{signer.sign(info, digest)}</ds:SignatureValue>{after}'
            "</ds:Signature>")


def assertion(sig="", id="_a1", name="alice", more="", before_subject="", extra=""):
    return (f'<saml:Assertion xmlns:saml="{SAML}" ID="{id}" IssueInstant="{NOW}" Version="2.0"{more}><saml:Issuer>{IDP}'
            f"</saml:Issuer>{sig}{before_subject}<saml:Subject><saml:NameID>{name}</saml:NameID><saml:SubjectConfirmation "
            f'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="{LATER}" '
            f'Recipient="{RECIPIENT}"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>'
            f'<saml:Conditions NotBefore="{NOW}" NotOnOrAfter="{LATER}"><saml:AudienceRestriction><saml:Audience>{AUDIENCE}'
            f"</saml:Audience></saml:AudienceRestriction></saml:Conditions>{extra}"
            f'<saml:AuthnStatement AuthnInstant="{NOW}"></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute '
            'Name="groups"><saml:AttributeValue>ml</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>'
            "</saml:Assertion>")


def response(inner, sig="", id="_r1", extensions="", status=""):
    return (f'<samlp:Response xmlns:samlp="{SAMLP}" ID="{id}" IssueInstant="{NOW}" Version="2.0"><saml:Issuer xmlns:saml='
            f'"{SAML}">{IDP}</saml:Issuer>{sig}{extensions}<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:'
            f'2.0:status:Success"></samlp:StatusCode>{status}</samlp:Status>{inner}</samlp:Response>')


def unsigned(text):
    return re.sub(r"<ds:Signature .*?</ds:Signature>", "", text, flags=re.S)


class Cases:
    def __init__(self):
        self.lines = []

    def add(self, name, verdict, what, text):
        data = text if isinstance(text, bytes) else text.encode()
        with open(os.path.join(HERE, name + ".xml"), "wb") as f:
            f.write(data)
        if name.startswith(("good_", "xsw")):
            with open(os.path.join(CORPUS, name), "wb") as f:
                f.write(data)
        self.lines.append(f"{name}.xml\t{verdict}\t{what}\n")


def metadata(signer):
    return (f'<md:EntityDescriptor xmlns:md="{METADATA}" entityID="{IDP}"><md:IDPSSODescriptor protocolSupportEnumeration='
            f'"{SAMLP}"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>'
            f"{signer.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor></md:IDPSSODescriptor>"
            "</md:EntityDescriptor>\n")


def main():
    for name in os.listdir(HERE):
        if name.endswith((".xml", ".tsv")):
            os.remove(os.path.join(HERE, name))
    os.makedirs(CORPUS, exist_ok=True)
    for name in os.listdir(CORPUS):
        os.remove(os.path.join(CORPUS, name))
    cases = Cases()
    with tempfile.TemporaryDirectory() as folder:
        idp, attacker = Signer(folder, "idp"), Signer(folder, "attacker")
        with open(os.path.join(HERE, "metadata.xml"), "w", encoding="utf-8") as f:
            f.write(metadata(idp))
        write(cases, idp, attacker)
    with open(os.path.join(HERE, "verdicts.tsv"), "w", encoding="utf-8") as f:
        f.writelines(sorted(cases.lines))


def write(cases, idp, attacker):
    a_sig = signature(idp, signed_info(reference("#_a1", assertion())))
    a = assertion(a_sig)                       # the signed assertion
    r_sig = signature(idp, signed_info(reference("#_r1", response(assertion()))))
    r = response(assertion(), r_sig)           # a signed response
    both_sig = signature(idp, signed_info(reference("#_r1", response(a))))
    both = response(a, both_sig)
    evil = assertion(id="_evil", name="admin")
    write_good(cases, a, r, both)
    write_wrapping(cases, a, a_sig, r, r_sig, evil)
    write_ids(cases, a, a_sig, evil)
    write_xml(cases, a, r)
    write_keys(cases, idp, attacker)
    write_forms(cases, idp, a_sig)
    write_cves(cases, idp, attacker, a, a_sig, r, evil)


def write_good(cases, a, r, both):
    cases.add("good_assertion", "accepted", "an assertion alone, signed", a)
    cases.add("good_assertion_in_response", "accepted", "the assertion is signed", response(a))
    cases.add("good_response", "accepted", "the response is signed", r)
    cases.add("good_both", "accepted", "the assertion and the response are signed", both)
    cases.add("good_declaration", "accepted", "an XML declaration and line breaks outside of what is signed",
              '<?xml version="1.0" encoding="UTF-8"?>\n' + response("\n" + a + "\n") + "\n")
    cases.add("good_cdata", "accepted", "CDATA is the same text in canonical form",
              response(a.replace(">alice<", "><![CDATA[ali]]>ce<")))
    cases.add("unsigned_assertion", "saml_unsigned", "nothing is signed", response(assertion(name="admin")))
    cases.add("signature_removed", "saml_unsigned", "the signature of a response was taken out", unsigned(r))
    cases.add("response_signature_broken", "signature_invalid", "the response's signature does not hold, the assertion's does",
              both.replace(IDP + "</saml:Issuer><ds", IDP + "</saml:Issuer> <ds", 1))


def write_wrapping(cases, a, a_sig, r, r_sig, evil):
    """XSW 1 to 8 by their usual numbers; for each both ways to sign."""
    plain_a, plain_r = assertion(), response(assertion())
    evil_with = lambda sig, **more: assertion(sig, id="_evil", name="admin", **more)
    evil_r = lambda sig="", inner="", **more: response(evil + inner, sig, id="_evilr", **more)
    into = lambda sig, inner: sig.replace("</ds:Signature>", inner + "</ds:Signature>")
    object_of = lambda sig, inner: into(sig, f"<ds:Object>{inner}</ds:Object>")
    extensions = lambda inner: f"<samlp:Extensions>{inner}</samlp:Extensions>"
    x = "saml_structure"
    wrapped = {
        1: ("the signed element within the evil element's signature",
            response(evil_with(into(a_sig, plain_a))), evil_r(into(r_sig, plain_r))),
        2: ("the signed element before the evil element's signature",
            response(evil_with(plain_a + a_sig)), evil_r(plain_r + r_sig)),
        3: ("an evil assertion before the signed one", response(evil + a), r.replace(plain_a, evil + plain_a)),
        4: ("the signed element within the evil one", response(evil_with("", extra=a)), evil_r(inner=r)),
        5: ("the evil element has the signature, the signed one follows",
            response(evil_with(a_sig) + plain_a), evil_r(r_sig, plain_r)),
        6: ("the evil element's signature holds the signed one, after the values",
            response(evil_with(into(a_sig, a))), evil_r(into(r_sig, r))),
        7: ("an evil assertion in Extensions", response(a, extensions=extensions(evil)),
            response(plain_a, r_sig, extensions=extensions(evil))),
        8: ("the signed element in an Object of the evil element's signature",
            response(evil_with(object_of(a_sig, plain_a))), evil_r(object_of(r_sig, plain_r))),
    }
    for number, (what, in_assertion, in_response) in wrapped.items():
        cases.add(f"xsw{number}_assertion", x, f"XSW{number}: {what}; the assertion is signed", in_assertion)
        cases.add(f"xsw{number}_response", x, f"XSW{number}: {what}; the response is signed", in_response)
    cases.add("signature_of_other_element", "saml_signature_form", "the evil assertion has the signature of another ID",
              response(assertion(a_sig, id="_evil", name="admin")))
    cases.add("assertion_signature_in_response", "saml_signature_form", "the assertion's signature is the response's child",
              response(plain_a, a_sig))
    cases.add("signature_after_subject", x, "the signature is not where the schema has it",
              response(plain_a.replace("<saml:Conditions", a_sig + "<saml:Conditions", 1)))
    cases.add("assertion_in_advice", x, "an evil assertion in Advice", response(assertion(a_sig, extra=f"<saml:Advice>{evil}</saml:Advice>")))
    cases.add("assertion_other_namespace", x, "an evil assertion in another namespace",
              response(a + evil.replace(SAML, "urn:other")))


def write_ids(cases, a, a_sig, evil):
    same = evil.replace("_evil", "_a1")
    cases.add("duplicate_id_evil_first", "saml_duplicate_id", "the evil assertion has the signed one's ID", response(same + a))
    cases.add("duplicate_id_evil_last", "saml_duplicate_id", "the evil assertion has the signed one's ID", response(a + same))
    cases.add("duplicate_id_elsewhere", "saml_duplicate_id", "a status has the assertion's ID",
              response(a).replace("<samlp:Status>", '<samlp:Status ID="_a1">'))
    cases.add("xml_id", "saml_xml_forbidden", "xml:id, which libxml2 takes for an ID, names another element",
              response(a).replace("<samlp:Status>", '<samlp:Status xml:id="_a1">'))
    cases.add("id_with_namespace", "saml_xml_forbidden", "an ID of another namespace",
              response(a).replace("<samlp:Status>", '<samlp:Status samlp:ID="_a1">'))
    cases.add("id_quoting", "saml_malformed", "an ID that ends an XPointer",
              response(assertion(a_sig, id="_a1') | //*[@ID='_evil", name="admin")))
    cases.add("id_missing", "saml_signature_form", "the assertion has no ID", response(a.replace(' ID="_a1"', "", 1)))


def write_xml(cases, a, r):
    bad = "saml_xml_forbidden"
    cases.add("comment_in_name", bad, "a comment splits the NameID (CVE-2017-11427)",
              response(a.replace(">alice<", ">al<!-- -->ice<")))
    cases.add("comment_at_end", bad, "a comment after the document", r + "<!-- -->")
    cases.add("instruction_in_name", bad, "a processing instruction splits the NameID",
              response(a.replace(">alice<", ">al<?x?>ice<")))
    cases.add("doctype", bad, "a DOCTYPE alone", "<!DOCTYPE r>" + r)
    cases.add("doctype_entity", bad, "an entity in the NameID",
              '<!DOCTYPE r [<!ENTITY e "admin">]>' + r.replace(">alice<", ">&e;<"))
    cases.add("doctype_external", bad, "an external entity",
              '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + r.replace(">alice<", ">&e;<"))
    cases.add("doctype_parameter", bad, "an external parameter entity",
              '<!DOCTYPE r [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x">%p;]>' + r)
    cases.add("doctype_id_default", bad, "an attribute declared as an ID, with a default",
              '<!DOCTYPE r [<!ATTLIST x y ID #IMPLIED z CDATA "1">]>' + r)
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    cases.add("doctype_laughs", bad, "a billion laughs", f'<!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]>' + r.replace(">alice<", ">&l9;<"))
    cases.add("encoding_utf16", "saml_malformed", "UTF-16", ('<?xml version="1.0" encoding="UTF-16"?>' + r).encode("utf-16"))
    cases.add("encoding_other", bad, "declares another encoding", '<?xml version="1.0" encoding="ISO-8859-1"?>' + r)
    cases.add("encoding_utf7", "saml_malformed", "declares UTF-7", '<?xml version="1.0" encoding="UTF-7"?>' + r)
    cases.add("nested_deeply", "saml_malformed", "5,000 levels", response(a, extensions="<x>" * 5000 + "</x>" * 5000))
    cases.add("too_large", "saml_too_large", "over 256 KiB", response(a) + " " * (256 << 10))
    cases.add("not_xml", "saml_malformed", "no XML", "alice")
    cases.add("other_document", "saml_structure", "another protocol message",
              f'<samlp:LogoutRequest xmlns:samlp="{SAMLP}" ID="_l"></samlp:LogoutRequest>')


def write_keys(cases, idp, attacker):
    info = signed_info(reference("#_evil", assertion(id="_evil", name="admin")))
    key_value = (f"<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{attacker.modulus}</ds:Modulus><ds:Exponent>AQAB"
                 "</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>")
    x509 = f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{attacker.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    retrieval = '<ds:KeyInfo><ds:RetrievalMethod URI="http://127.0.0.1:1/key"></ds:RetrievalMethod></ds:KeyInfo>'
    for name, key_info, what in [
            ("key_value", key_value, "the attacker's key in KeyValue (CVE-2021-21239)"),
            ("key_certificate", x509, "the attacker's certificate in KeyInfo"),
            ("key_retrieval", retrieval, "KeyInfo that would be fetched"),
            ("key_none", "", "the attacker's signature without KeyInfo")]:
        cases.add(name, "signature_invalid", what,
                  response(assertion(signature(attacker, info, key_info), id="_evil", name="admin")))
    good = signed_info(reference("#_a1", assertion()))
    cases.add("good_foreign_key_info", "accepted", "signed by the provider; KeyInfo names another key and is ignored",
              response(assertion(signature(idp, good, key_value))))


def write_forms(cases, idp, a_sig):
    form, algorithm = "saml_signature_form", "saml_algorithm_refused"

    def case(name, verdict, what, references, digest="sha256", after="", **info):
        sig = signature(idp, signed_info(references, **info), after, digest)
        cases.add(name, verdict, what, response(assertion(sig)))

    plain = assertion()
    ours = reference("#_a1", plain)
    for name, uri in [("reference_empty", ""), ("reference_root", "#xpointer(/)"), ("reference_xpointer", "#xpointer(id('_a1'))"),
                      ("reference_file", "file:///etc/hostname"), ("reference_http", "http://127.0.0.1:1/x"),
                      ("reference_other_id", "#_r1")]:
        case(name, form, f'a Reference to "{uri}"', reference(uri, plain))
    case("reference_without_uri", form, "a Reference without URI", ours.replace(' URI="#_a1"', ""))
    case("reference_none", form, "no Reference", "")
    case("reference_two", form, "two References", ours + ours)
    for name, transforms in [
            ("transform_none", ""), ("transform_enveloped_only", transform(ENVELOPED)), ("transform_c14n_only", transform(EXC)),
            ("transform_order", transform(EXC) + transform(ENVELOPED)),
            ("transform_with_comments", transform(ENVELOPED) + transform(EXC + "WithComments")),
            ("transform_inclusive", transform(ENVELOPED) + transform("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
            ("transform_base64", transform(ENVELOPED) + transform(DS + "base64")),
            ("transform_three", transform(ENVELOPED) + transform(EXC) + transform(EXC)),
            ("transform_xpath", transform("http://www.w3.org/TR/1999/REC-xpath-19991116", "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>") + transform(EXC)),
            ("transform_xslt", transform("http://www.w3.org/TR/1999/REC-xslt-19991116", '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"></xsl:stylesheet>') + transform(EXC))]:
        case(name, form, "other transforms than enveloped-signature and exc-c14n", reference("#_a1", plain, transforms))
    case("sha1_digest", algorithm, "SHA-1 as the digest", reference("#_a1", plain, method=DS + "sha1", digest="sha1"))
    case("sha1_signature", algorithm, "RSA with SHA-1", ours, digest="sha1", method=DS + "rsa-sha1")
    case("md5_signature", algorithm, "RSA with MD5", ours, digest="md5", method="http://www.w3.org/2001/04/xmldsig-more#rsa-md5")
    case("hmac_signature", algorithm, "HMAC, which takes the public key for a secret (CVE-2018-7644)", ours,
         method="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
    case("algorithm_mismatch", "signature_invalid", "ECDSA with an RSA key", ours,
         method="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256")
    case("c14n_inclusive", form, "SignedInfo in inclusive canonical form", ours, c14n="http://www.w3.org/TR/2001/REC-xml-c14n-20010315")
    case("object", form, "an Object in the signature", ours, after="<ds:Object><ds:Manifest></ds:Manifest></ds:Object>")
    inclusive = transform(EXC, f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="xs"></ec:InclusiveNamespaces>')
    case("good_inclusive_prefixes", "accepted", "exc-c14n with a list of prefixes", reference("#_a1", plain, transform(ENVELOPED) + inclusive))
    cases.add("signature_value_empty", "signature_invalid", "an empty SignatureValue",
              response(assertion(re.sub(r"<ds:SignatureValue>.*?<", "<ds:SignatureValue><", a_sig))))
    cases.add("digest_changed", "signature_invalid", "the digest of the changed assertion in the signature of the good one",
              response(assertion(re.sub(r"<ds:DigestValue>.*?<", "<ds:DigestValue>" + base64.b64encode(hashlib.sha256(
                  assertion(name="admin").encode()).digest()).decode() + "<", a_sig), name="admin")))


def write_cves(cases, idp, attacker, a, a_sig, r, evil):
    evil_digest = base64.b64encode(hashlib.sha256(assertion(name="admin").encode()).digest()).decode()
    cases.add("cve_2024_45409", "saml_structure", "CVE-2024-45409: a DigestValue in StatusDetail",
              response(assertion(a_sig, name="admin"), status=f'<samlp:StatusDetail><ds:DigestValue xmlns:ds="{DS}">{evil_digest}'
                       "</ds:DigestValue></samlp:StatusDetail>"))
    cases.add("cve_2025_25291", "saml_xml_forbidden", "CVE-2025-25291: a DOCTYPE that two parsers read differently",
              '<!DOCTYPE r [<!ENTITY a "\'"><!ATTLIST r b CDATA "<!--">]>' + response(evil + a))
    fake = f'<Signature xmlns="{DS}x">{signed_info(reference("#_evil", evil))}</Signature>'
    cases.add("cve_2025_25292", "saml_structure", "CVE-2025-25292: a second Signature whose namespace two parsers read differently",
              response(assertion(fake + a_sig, name="admin")))
    cases.add("cve_2025_66567", "saml_structure", "CVE-2025-66567: the same with a redefined prefix",
              response(assertion(a_sig.replace(f'xmlns:ds="{DS}"', f'xmlns:ds="{DS}" xmlns:DS="{DS}"', 1) + a_sig, name="admin")))
    void = base64.b64encode(hashlib.sha256(b"").digest()).decode()
    info = re.sub(r"<ds:DigestValue>.*?<", f"<ds:DigestValue>{void}<", signed_info(reference("#_evil", "")))
    cases.add("cve_2025_66568", "signature_invalid", "CVE-2025-66568: a relative namespace makes canonicalisation fail; the digest is that of nothing",
              response(assertion(signature(idp, info), id="_evil", name="admin", more=' xmlns:x="1"')))
    relative = assertion(more="").replace("<saml:Subject>", '<saml:Subject xmlns:x="1" x:y="z">')
    cases.add("void_canonicalisation", "signature_invalid", "a relative namespace within a signed assertion",
              response(relative.replace("</saml:Issuer>", "</saml:Issuer>" + signature(idp, signed_info(reference("#_a1", relative))), 1)))
    two = a_sig.replace("<ds:SignatureValue>", signed_info(reference("#_a1", assertion(name="admin"))) + "<ds:SignatureValue>")
    cases.add("cve_2025_29774", "saml_signature_form", "CVE-2025-29774: two SignedInfo", response(assertion(two, name="admin")))
    cases.add("cve_2025_29775", "saml_xml_forbidden", "CVE-2025-29775: a comment in DigestValue",
              response(assertion(a_sig.replace("<ds:DigestValue>", f"<ds:DigestValue><!--{evil_digest}-->"), name="admin")))
    cases.add("cve_2025_47949", "saml_structure", "CVE-2025-47949: an unsigned assertion beside a signed one", response(a + evil))
    cases.add("cve_2025_54419", "signature_invalid", "CVE-2025-54419: text changed in the unsigned copy that was read",
              response(a.replace(">ml<", ">admins<")))
    cases.add("cve_2025_46572", "saml_structure", "CVE-2025-46572: an evil response around the signed one",
              response(evil + r, id="_evilr"))
    descriptor = f'<md:EntityDescriptor xmlns:md="{METADATA}" ID="_m1" entityID="{IDP}"></md:EntityDescriptor>'
    m_sig = signature(idp, signed_info(reference("#_m1", descriptor)))
    cases.add("cve_2024_6800", "saml_signature_form", "CVE-2024-6800: the signature of published metadata",
              response(evil, m_sig, extensions=f"<samlp:Extensions>{descriptor}</samlp:Extensions>"))
    cases.add("cve_2021_21238", "saml_structure", "CVE-2021-21238: against the schema, the signed element in a SignatureValue",
              response(assertion(a_sig.replace("<ds:SignatureValue>", "<ds:SignatureValue>" + assertion()), id="_evil", name="admin")))
    cases.add("dex_2020", "saml_structure", "dex 2020: an unsigned assertion reordered before the signed one", response(evil + a))
    cases.add("attribute_pollution", "saml_malformed", "an attribute twice, which parsers read differently",
              response(a).replace(' ID="_a1"', ' ID="_a1" ID="_evil"', 1))
    cases.add("namespace_confusion", "saml_structure", "the elements are of another namespace than their prefix says",
              response(a).replace(SAMLP, "urn:other"))
    cases.add("encrypted", "saml_encrypted", "an encrypted assertion beside a signed one",
              response(f'<saml:EncryptedAssertion xmlns:saml="{SAML}"></saml:EncryptedAssertion>' + a))


main()
