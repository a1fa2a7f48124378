// Deposit a certified copy of any size at a Pouch gateway: signed SOAP with the document as an MTOM part, by npm `soap`.
//
//     npm install soap
//     node deposit_mtom.cjs --wsdl 'https://127.0.0.1:8443/soap/exchange?wsdl' --ca ca.pem --key partner.key \
//         --certificate partner.pem --office XA --number 2026/000019 --date 2026-02-27 copy.pdf
//
// The certificate is an RSA one: this toolkit signs with no other. Prints one JSON object: exchangeId, state, receipt
// (base64). It does not verify the answer's signature; `python -m pki verify` does that with the receipt.

const { createHash, randomUUID } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { Agent } = require("node:https");
const { basename } = require("node:path");
const { parseArgs } = require("node:util");
const soap = require("soap");

const text = { type: "string" };
const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    wsdl: text, ca: text, key: text, certificate: text, office: text, number: text, date: text,
    "message-id": { type: "string", default: `deposit-${randomUUID()}` },
  },
});

// What the gateway takes and this toolkit does not do by itself: exclusive C14N and nothing else, ids as wsu:Id.
const signing = {
  signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  signatureTransformations: ["http://www.w3.org/2001/10/xml-exc-c14n#"],
  signerOptions: { idMode: "wssecurity" },
};

async function main() {
  const [path] = positionals;
  const copy = readFileSync(path);
  const httpsAgent = new Agent({ ca: readFileSync(given.ca) });
  const client = await soap.createClientAsync(given.wsdl, { wsdl_options: { httpsAgent } });
  const certificate = readFileSync(given.certificate, "utf8");
  client.setSecurity(new soap.WSSecurityCert(readFileSync(given.key), certificate, "", signing));

  const include = { "xmlns:xop": "http://www.w3.org/2004/08/xop/include", href: "cid:copy" };
  const listed = {
    ContentId: "copy",
    Size: copy.length,
    Sha256: createHash("sha256").update(copy).digest("hex"),
    Role: "certified-copy",
    MediaType: "application/pdf",
    Certification: {
      CertifiedBy: given.office,
      Form: "digitally-signed",
      CertifiedOn: new Date().toISOString().slice(0, 10),
      FilingDateCertified: true,
    },
    Content: { "xop:Include": { attributes: include } },
  };
  const deposit = {
    Header: { MessageId: given["message-id"], Sender: given.office, Receiver: given.office },
    Application: { OfficeCode: given.office, Right: "patent", Number: given.number, FilingDate: given.date },
    Documents: { Document: [listed] },
  };
  const part = { mimetype: "application/pdf", contentId: "copy", name: basename(path), body: copy };
  const [answer] = await client.DepositPriorityDocumentAsync(deposit, { httpsAgent, attachments: [part] });
  console.log(JSON.stringify({ exchangeId: answer.ExchangeId, state: answer.State, receipt: answer.Receipt }));
}

main().catch((error) => {
  const fault = error.root?.Envelope?.Body?.Fault?.detail?.PouchFault;
  console.error(fault ? `${fault.Code} ${fault.Reason} ${fault.Remedy}` : String(error.message ?? error));
  process.exit(1);
});
