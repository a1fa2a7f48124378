"""The structures are what the OpenAPI description will say, and say the same as the XSD."""

import re

import msgspec
import pytest

from gateway.wire import replies, rest_structs, schema, xml
from gateway.wire.rest_render import describe_secret

BODIES = [
    getattr(rest_structs, name)
    for name in rest_structs.__all__
    if name not in ("ErrorBody", "ErrorDetail") and name.endswith("Body")
]


def test_schemas_can_be_made_of_all_structures() -> None:
    answers = [getattr(replies, name) for name in replies.__all__ if name[0].isupper()]
    _, components = msgspec.json.schema_components(
        [*BODIES, rest_structs.ErrorBody, *answers], schema_hook=describe_secret
    )
    assert {"DepositBody", "ErrorBody", "Package", "Status"} <= set(components)
    assert components["RetrievalBody"]["properties"]["accessCode"]["pattern"] == "^[A-Za-z0-9]{4}$"
    assert all(
        component.get("additionalProperties") is False
        for name, component in components.items()
        if name.endswith("Body") and name != "ErrorBody"
    )
    assert all(component.get("description") for component in components.values() if "properties" in component)


def test_unknown_types_are_not_described() -> None:
    with pytest.raises(NotImplementedError):
        describe_secret(int)


def pattern_of(struct: type[msgspec.Struct], member: str) -> str:
    _, components = msgspec.json.schema_components([struct], schema_hook=describe_secret)
    found = components[struct.__name__]["properties"][member]
    return found.get("pattern") or found["anyOf"][0]["pattern"]


@pytest.mark.parametrize(
    ("struct", "member", "simple_type"),
    [
        (rest_structs.HeaderBody, "sender", "OfficeCodeType"),
        (rest_structs.HeaderBody, "messageId", "MessageIdType"),
        (rest_structs.DocumentBody, "contentId", "ContentIdType"),
        (rest_structs.DocumentBody, "sha256", "Sha256Type"),
        (rest_structs.DocumentBody, "mediaType", "MediaTypeType"),
        (rest_structs.DocumentBody, "language", "LanguageType"),
        (rest_structs.RegistrationBody, "applicantEmail", "EmailType"),
        (rest_structs.RetrievalBody, "accessCode", "AccessCodeType"),
    ],
)
def test_patterns_are_those_of_the_schema(struct, member: str, simple_type: str) -> None:
    tree = xml.parse(schema.schema_text(schema.EXCHANGE))
    (found,) = tree.xpath(f"//*[@name='{simple_type}']//*[local-name()='pattern']/@value")
    assert pattern_of(struct, member).removesuffix(r"(?!\n)") == f"^{found}$"


def test_members_are_those_of_the_schema() -> None:
    """Bodies have what the elements have, except what stands in the address."""
    tree = xml.parse(schema.schema_text(schema.EXCHANGE))
    operations = {
        "DepositPriorityDocument": rest_structs.DepositBody,
        "ReleaseDocument": rest_structs.ReleaseBody,
        "CorrectRegistration": rest_structs.CorrectionBody,
        "ReplaceDocument": rest_structs.ReplacementBody,
        "WithdrawPriorityDocument": rest_structs.WithdrawalBody,
        "RequestPriorityDocument": rest_structs.RetrievalBody,
        "ConfirmExchange": rest_structs.ConfirmationBody,
        "HeaderType": rest_structs.HeaderBody,
        "ApplicationType": rest_structs.ApplicationBody,
        "OwnApplicationType": rest_structs.OwnApplicationBody,
        "RegistrationType": rest_structs.RegistrationBody,
        "CertificationType": rest_structs.CertificationBody,
        "DocumentType": rest_structs.DocumentBody,
        "DecisionType": rest_structs.DecisionBody,
    }
    for name, struct in operations.items():
        names = tree.xpath(f"/*/*[@name='{name}']//*[local-name()='element']/@name")
        in_schema = {re.sub("^.", lambda first: first[0].lower(), each) for each in names}
        in_json = {field.encode_name for field in msgspec.structs.fields(struct)}
        assert in_json == in_schema - {"exchangeId", "notificationId"}, name
