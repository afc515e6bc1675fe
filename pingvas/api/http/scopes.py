"""What each route asks of who calls it: the one place that says so. A test holds it against the OpenAPI document, which shows it.

`everybody`: no credentials are needed. A scope: a person who has signed in, or a key of theirs that has it. `person`: keys are
refused, whatever their scopes; and so they are by a route that is not named here.
"""

from typing import Any, Literal, get_args

from fastapi import Request

from pingvas.accounts.api_keys.use import SCOPES, Scope

Access = Literal["everybody", "read", "generate", "manage", "person"]

NEEDS: dict[str, Access] = {
    # the studio, and signing in
    "healthz": "everybody",
    "readyz": "everybody",
    "list_plans": "everybody",
    "take_webhook": "everybody",
    "register": "everybody",
    "login": "everybody",
    "sign_in_once": "everybody",
    "refresh_tokens": "everybody",
    "logout": "person",
    "verify_email": "everybody",
    "forgot_password": "everybody",
    "reset_password": "everybody",
    "confirm_email": "everybody",
    # oneself
    "get_me": "read",
    "change_me": "manage",
    "set_my_avatar": "manage",
    "remove_my_avatar": "manage",
    "list_credits": "read",
    "check_out_subscription": "person",
    "check_out_credits": "person",
    "get_checkout": "read",
    "change_subscription": "person",
    "cancel_subscription": "person",
    "resume_subscription": "person",
    "get_subscription_portal": "person",
    "get_usage": "read",
    "redeem_code": "person",
    "list_my_sessions": "person",
    "end_my_session": "person",
    "send_verification": "person",
    "change_email": "person",
    "forget_email_change": "person",
    "change_password": "person",
    "prove_identity": "person",
    "delete_me": "person",
    "undo_delete_me": "person",
    "ask_for_export": "person",
    "get_export": "person",
    "get_subscription": "read",
    "list_subscription_options": "read",
    "list_announcements": "read",
    "list_api_keys": "person",
    "create_api_key": "person",
    "change_api_key": "person",
    "revoke_api_key": "person",
    "end_my_other_sessions": "person",
    "ask_for_passkey": "everybody",
    "login_with_passkey": "everybody",
    "ask_for_new_passkey": "person",
    "list_passkeys": "person",
    "add_passkey": "person",
    "rename_passkey": "person",
    "remove_passkey": "person",
    "ask_for_passkey_as_proof": "person",
    "prove_with_passkey": "person",
    "login_with_code": "everybody",
    "get_sign_in_methods": "person",
    "begin_second_factor": "person",
    "remove_second_factor": "person",
    "confirm_second_factor": "person",
    "renew_recovery_codes": "person",
    "prove_with_code": "person",
    "list_providers": "everybody",
    "sign_in_with_provider": "everybody",
    "come_back_from_provider": "everybody",
    "list_oauth_accounts": "person",
    "link_oauth_account": "person",
    "unlink_oauth_account": "person",
    "prove_with_provider": "person",
    # other people, and the studio
    "list_people": "person",
    "get_person": "person",
    "suspend_person": "person",
    "restore_person": "person",
    "set_role": "person",
    "give_bonus_credits": "person",
    "end_sessions_of": "person",
    "revoke_keys_of": "person",
    "remove_second_factor_of": "person",
    "view_as": "person",
    "list_all_plans": "person",
    "change_plan": "person",
    "preview_plan": "person",
    "list_codes": "person",
    "make_code": "person",
    "end_code": "person",
    "get_revenue": "person",
    "get_usage_of_all": "person",
    "list_subscriptions": "person",
    "agree_plan": "person",
    "end_agreed_plan": "person",
    "list_billing_events": "person",
    "replay_billing_event": "person",
    "assign_billing_event": "person",
    "reconcile_billing": "person",
    "list_audit_log": "person",
    "export_audit_log": "person",
    "list_all_announcements": "person",
    "announce": "person",
    "withdraw_announcement": "person",
    "list_reports": "person",
    "list_hidden_images": "person",
    "hide_image": "person",
    "show_image": "person",
    "dismiss_reports": "person",
    # pictures: asking for them
    "submit_jobs": "generate",
    "estimate_jobs": "generate",
    "retry_job": "generate",
    "cancel_job": "generate",
    "cancel_jobs": "generate",
    "report_missing": "generate",
    "upload_image": "generate",
    "begin_upload": "generate",
    "get_upload": "read",
    "send_part": "generate",
    "end_upload": "generate",
    "list_jobs": "read",
    "get_job": "read",
    "list_job_steps": "read",
    "get_queue": "read",
    "list_models": "read",
    "get_model": "read",
    # and what was made; a stranger sees what is shared
    "list_images": "read",
    "list_image_dates": "read",
    "get_image": "read",
    "get_image_recipe": "read",
    "get_image_file": "read",
    "get_image_thumbnail": "read",
    "get_trash": "read",
    "get_image_lineage": "read",
    "get_similar_images": "read",
    "list_public_images": "read",
    "list_duplicates": "read",
    "trash_duplicates": "manage",
    "list_searches": "read",
    "save_search": "manage",
    "get_search": "read",
    "change_search": "manage",
    "delete_search": "manage",
    "list_search_images": "read",
    "list_tags": "read",
    "list_collections": "read",
    "get_collection": "read",
    "list_collection_images": "read",
    "create_collection": "manage",
    "change_collection": "manage",
    "delete_collection": "manage",
    "add_to_collection": "manage",
    "remove_from_collection": "manage",
    "arrange_collection": "manage",
    "update_image": "manage",
    "like_image": "manage",
    "unlike_image": "manage",
    "report_image": "person",
    "change_images": "manage",
    "make_archive": "read",
    "get_task": "read",
    "undo_task": "manage",
    "rename_tag": "manage",
    "delete_tag": "manage",
    "delete_image": "manage",
    "restore_image": "manage",
    "empty_trash": "manage",
}
# Those of the above that work without credentials too, and show less then.
_ALSO_FOR_STRANGERS = {
    "list_public_images",
    "get_image",
    "get_image_recipe",
    "get_image_file",
    "get_image_thumbnail",
    "get_collection",
    "list_collection_images",
}

_TOKEN, _KEY = "HTTPBearer", "ApiKey"
_KEY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "pgv_ + 36 letters and digits",
    "description": "An API key from `POST /me/api-keys`. It needs the scope that `x-required-scope` names; where that is `person`, "
    "no key will do.",
}


def scope_needed(request: Request) -> Scope | None:
    """The scope that a key needs for the route of this request; None: no key will do."""
    operation: str | None = getattr(request.scope.get("route"), "operation_id", None)
    needed = NEEDS.get(operation or "")
    return next((scope for scope in SCOPES if scope == needed), None)


def tell_scopes(document: dict[str, Any]) -> None:
    """Write into an OpenAPI document what each route asks for. Raises KeyError for one that is not named here."""
    document["components"].setdefault("securitySchemes", {})[_KEY] = _KEY_SCHEME
    for methods in document["paths"].values():
        for operation in methods.values():
            needed = NEEDS[operation["operationId"]]
            assert needed in get_args(Access)  # noqa: S101 - a slip in the table
            operation["x-required-scope"] = needed
            if needed == "everybody":
                continue
            security: list[dict[str, list[str]]] = [{_TOKEN: []}]
            if needed in SCOPES:
                security.append({_KEY: [needed]})
            if operation["operationId"] in _ALSO_FOR_STRANGERS:
                security.append({})
            operation["security"] = security
