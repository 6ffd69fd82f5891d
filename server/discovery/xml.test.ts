import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { findAll, parseXml, textOf } from "./xml.ts";

describe("parseXml", () => {
  it("reads elements, attributes, entities and CDATA, whatever their prefixes", () => {
    const root = parseXml(
      '<?xml version="1.0"?><!-- hello --><s:A xmlns:s="urn:x" b=\'1 &lt; 2\'><s:C>x &amp; &#x41;&#66;</s:C><C><![CDATA[<raw>]]></C><D/></s:A>',
    );
    expect(root.name).toBe("A");
    expect(root.attributes.get("b")).toBe("1 < 2");
    expect(findAll(root, "C").map(({ text }) => text)).toEqual(["x & AB", "<raw>"]);
    expect(textOf(root, "none")).toBeUndefined();
  });

  it.each([
    ["a document type", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml.malformed"],
    ["a bomb", `<!DOCTYPE a [<!ENTITY a "${"b".repeat(100)}"><!ENTITY c "&a;&a;&a;">]><a>&c;</a>`, "xml.malformed"],
    ["a file of ours", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "xml.malformed"],
    ["no end", "<a><b></b>", "xml.malformed"],
    ["a wrong end", "<a></b>", "xml.malformed"],
    ["two roots", "<a/><b/>", "xml.malformed"],
    ["text beside the root", "<a/>x", "xml.malformed"],
    ["a comment without end", "<a><!-- ", "xml.malformed"],
    ["nothing", "", "xml.malformed"],
    ["a million characters", `<a>${"x".repeat(1_000_000)}</a>`, "xml.limit"],
    ["a thousand levels", "<a>".repeat(1000), "xml.limit"],
    ["ten thousand elements", `<a>${"<b/>".repeat(10_000)}</a>`, "xml.limit"],
    ["a tag of ten thousand characters", `<a b="${"x".repeat(10_000)}"/>`, "xml.malformed"],
  ])("refuses %s", (_, text, code) => {
    expect(() => parseXml(text)).toThrow(expect.objectContaining({ code }));
  });

  it("expands no entity but the five and numbers", () => {
    expect(parseXml("<a>&xxe;&lt;&#0;&#xD800;</a>").text).toBe("&xxe;<");
  });

  it("ends with a tree or with an error of its own, whatever comes", () => {
    const piece = fc.constantFrom(
      "<",
      ">",
      "</",
      "/>",
      "a",
      "a:b",
      " ",
      '"',
      "=",
      "&",
      ";",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "<?",
      "?>",
      "<!",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 4 })), { maxLength: 60 }), (pieces) => {
        try {
          expect(parseXml(pieces.join("")).name).not.toBe("");
        } catch (error) {
          expect(error).toBeInstanceOf(FluxError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
