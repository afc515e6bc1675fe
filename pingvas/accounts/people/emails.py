"""E-mail addresses as login names: what counts as one, and which spelling is kept.

Checks the form only; whether a mailbox exists is for the verification mail to find out, so no DNS is asked.
"""

import email_validator

from pingvas.base.errors import Invalid

# `.local` names machines of the network at hand, which is where many studios of this kind live. The library
# refuses it unless told otherwise, and this list is its documented way of being told.
if "local" in email_validator.SPECIAL_USE_DOMAIN_NAMES:
    email_validator.SPECIAL_USE_DOMAIN_NAMES.remove("local")


def normalise_email(email: str) -> str:
    """The spelling that is stored: Unicode NFC, domain in lower case, the local part as its owner writes it.

    Uniqueness and look-ups ignore case and leave that to the database, so that one `lower()` decides.
    Raises Invalid.
    """
    try:
        return email_validator.validate_email(email.strip(), check_deliverability=False).normalized
    except email_validator.EmailNotValidError as error:
        reason = str(error)
        raise Invalid(
            "This is not an e-mail address.", field="email", reason=reason, reason_code="not_an_email"
        ) from None
