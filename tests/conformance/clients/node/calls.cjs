// What the example does not show, by npm `soap` as well: one JSON line is told of what a call became.
//
//     node calls.cjs CALL '{"wsdl": ..., "ca": ..., "key": ..., "certificate": ..., ...}'
//
// without-content  deposit a part that is named by the ContentId alone
// soap12           deposit inline, in a SOAP 1.2 envelope
// untuned          deposit as the toolkit signs when it is told nothing
// fetch            fetch a package whose documents come as MTOM parts

const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { Agent } = require("node:https");
const soap = require("soap");

const [call, words] = process.argv.slice(2);
const given = JSON.parse(words);
const httpsAgent = new Agent({ ca: readFileSync(given.ca) });
const copy = Buffer.from("%PDF-1.7 a certified copy by npm soap");
const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const header = { MessageId: given.messageId, Sender: "XA", Receiver: "XA" };

const TUNED = {
  signatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  signatureTransformations: ["http://www.w3.org/2001/10/xml-exc-c14n#"],
  signerOptions: { idMode: "wssecurity" },
};

async function connect(signing, options) {
  const client = await soap.createClientAsync(given.wsdl, { wsdl_options: { httpsAgent }, ...options });
  const certificate = readFileSync(given.certificate, "utf8");
  client.setSecurity(new soap.WSSecurityCert(readFileSync(given.key), certificate, "", signing));
  return client;
}

function deposit(content) {
  const listed = {
    ContentId: "copy", Size: copy.length, Sha256: digest(copy), Role: "certified-copy", MediaType: "application/pdf",
    Certification: { CertifiedBy: "XA", Form: "sealed", CertifiedOn: "2026-03-02", FilingDateCertified: true },
    ...content,
  };
  const application = { OfficeCode: "XA", Right: "patent", Number: given.number, FilingDate: "2026-02-27" };
  return { Header: header, Application: application, Documents: { Document: [listed] } };
}

const inline = { Content: copy.toString("base64") };
const part = { mimetype: "application/pdf", contentId: "copy", name: "copy.pdf", body: copy };

const CALLS = {
  async "without-content"() {
    const client = await connect(TUNED);
    return (await client.DepositPriorityDocumentAsync(deposit({}), { httpsAgent, attachments: [part] }))[0];
  },
  async soap12() {
    const client = await connect(TUNED, { forceSoap12Headers: true });
    const [answer] = await client.DepositPriorityDocumentAsync(deposit(inline), { httpsAgent });
    return { ...answer, sent12: client.lastRequest.includes('"http://www.w3.org/2003/05/soap-envelope"') };
  },
  async untuned() {
    const client = await connect({});
    return (await client.DepositPriorityDocumentAsync(deposit(inline), { httpsAgent }))[0];
  },
  async fetch() {
    const client = await connect(TUNED, { parseReponseAttachments: true });
    const asked = { Header: header, ExchangeId: given.exchangeId };
    const [answer, , , , attachments] = await client.FetchPackageAsync(asked, { httpsAgent });
    const documents = [answer.Package.Documents.Document].flat();
    return {
      listed: documents.map((document) => document.Sha256),
      came: attachments.parts.map((each) => digest(each.body)),
    };
  },
};

CALLS[call]().then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => {
    const fault = error.root?.Envelope?.Body?.Fault;
    console.log(JSON.stringify({ code: fault?.detail?.PouchFault?.Code, error: String(error.message).slice(0, 300) }));
  },
);
