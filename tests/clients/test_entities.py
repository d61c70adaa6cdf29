"""Every entity that the node gives, against the schemas; and that no schema is left over."""

import pytest
from harness import entities
from harness.waiting import eventually

# The entities of an answer: method, path, and what to send. Words in braces are things that `world` makes.
WALK = [
    ("V1_Instance", "GET", "/api/v1/instance"),
    ("Instance", "GET", "/api/v2/instance"),
    ("[Rule]", "GET", "/api/v1/instance/rules"),
    ("ExtendedDescription", "GET", "/api/v1/instance/extended_description"),
    ("NodeInfoLinks", "GET", "/.well-known/nodeinfo"),
    ("NodeInfo", "GET", "/nodeinfo/2.0"),
    ("AuthorizationServer", "GET", "/.well-known/oauth-authorization-server"),
    ("UserInfo", "GET", "/oauth/userinfo"),
    ("Application", "GET", "/api/v1/apps/verify_credentials"),
    ("[CustomEmoji]", "GET", "/api/v1/custom_emojis"),
    ("[Announcement]", "GET", "/api/v1/announcements"),
    ("[Account]", "GET", "/api/v1/directory"),
    ("CredentialAccount", "GET", "/api/v1/accounts/verify_credentials"),
    ("Profile", "GET", "/api/v1/profile"),
    ("Account", "GET", "/api/v1/accounts/{me}"),
    ("Account", "GET", "/api/v1/accounts/{him}"),
    ("[Account]", "GET", "/api/v1/accounts?id[]={him}"),
    ("Account", "GET", "/api/v1/accounts/lookup?acct={his_name}"),
    ("[Account]", "GET", "/api/v1/accounts/search?q={his_name}"),
    ("[Status]", "GET", "/api/v1/accounts/{me}/statuses"),
    ("[Account]", "GET", "/api/v1/accounts/{me}/followers"),
    ("[Account]", "GET", "/api/v1/accounts/{me}/following"),
    ("[FeaturedTag]", "GET", "/api/v1/accounts/{me}/featured_tags"),
    ("[List]", "GET", "/api/v1/accounts/{him}/lists"),
    ("[Relationship]", "GET", "/api/v1/accounts/relationships?id[]={him}"),
    ("[FamiliarFollowers]", "GET", "/api/v1/accounts/familiar_followers?id[]={him}"),
    ("Relationship", "POST", "/api/v1/accounts/{him}/follow"),
    ("Relationship", "POST", "/api/v1/accounts/{him}/mute", {"duration": 3600}),
    ("[Account]", "GET", "/api/v1/mutes"),
    ("Relationship", "POST", "/api/v1/accounts/{him}/unmute"),
    ("Relationship", "POST", "/api/v1/accounts/{him}/note", {"comment": "a note"}),
    ("Relationship", "POST", "/api/v1/accounts/{him}/pin"),
    ("[Account]", "GET", "/api/v1/endorsements"),
    ("Relationship", "POST", "/api/v1/accounts/{him}/unpin"),
    ("[Account]", "GET", "/api/v1/blocks"),
    ("[Account]", "GET", "/api/v1/follow_requests"),
    ("[Suggestion]", "GET", "/api/v2/suggestions"),
    ("Preferences", "GET", "/api/v1/preferences"),
    ("OwnStatus", "GET", "/api/v1/statuses/{status}"),
    ("OwnStatus", "GET", "/api/v1/statuses/{reply}"),
    ("OwnStatus", "GET", "/api/v1/statuses/{pictured}"),
    ("OwnStatus", "GET", "/api/v1/statuses/{polled}"),
    ("OwnStatus", "GET", "/api/v1/statuses/{heard}"),
    ("Status", "POST", "/api/v1/statuses/{heard}/reblog"),
    ("Status", "POST", "/api/v1/statuses/{heard}/favourite"),
    ("Status", "POST", "/api/v1/statuses/{heard}/bookmark"),
    ("Status", "POST", "/api/v1/statuses/{heard}/mute"),
    ("Status", "POST", "/api/v1/statuses/{heard}/unmute"),
    ("[OwnStatus]", "GET", "/api/v1/statuses?id[]={status}&id[]={heard}"),
    ("Context", "GET", "/api/v1/statuses/{status}/context"),
    ("[StatusEdit]", "GET", "/api/v1/statuses/{status}/history"),
    ("StatusSource", "GET", "/api/v1/statuses/{status}/source"),
    ("[Account]", "GET", "/api/v1/statuses/{status}/favourited_by"),
    ("[Account]", "GET", "/api/v1/statuses/{status}/reblogged_by"),
    ("[OwnStatus]", "GET", "/api/v1/favourites"),
    ("[OwnStatus]", "GET", "/api/v1/bookmarks"),
    ("[OwnStatus]", "GET", "/api/v1/timelines/home"),
    ("[OwnStatus]", "GET", "/api/v1/timelines/public"),
    ("[OwnStatus]", "GET", "/api/v1/timelines/public?local=true"),
    ("[OwnStatus]", "GET", "/api/v1/timelines/tag/schema"),
    ("[OwnStatus]", "GET", "/api/v1/timelines/list/{list}"),
    ("Poll", "GET", "/api/v1/polls/{poll}"),
    ("MediaAttachment", "GET", "/api/v1/media/{media}"),
    ("MediaAttachment", "PUT", "/api/v1/media/{media}", {"description": "seen"}),
    ("[ScheduledStatus]", "GET", "/api/v1/scheduled_statuses"),
    ("ScheduledStatus", "GET", "/api/v1/scheduled_statuses/{scheduled}"),
    ("[Notification]", "GET", "/api/v1/notifications"),
    ("Notification", "GET", "/api/v1/notifications/{notification}"),
    ("UnreadCount", "GET", "/api/v1/notifications/unread_count"),
    ("GroupedNotificationsResults", "GET", "/api/v2/notifications"),
    ("GroupedNotificationsResults", "GET", "/api/v2/notifications?expand_accounts=partial_avatars"),
    ("UnreadCount", "GET", "/api/v2/notifications/unread_count"),
    ("NotificationPolicy", "GET", "/api/v2/notifications/policy"),
    ("V1_NotificationPolicy", "GET", "/api/v1/notifications/policy"),
    ("[NotificationRequest]", "GET", "/api/v1/notifications/requests"),
    ("[Conversation]", "GET", "/api/v1/conversations"),
    ("[List]", "GET", "/api/v1/lists"),
    ("List", "GET", "/api/v1/lists/{list}"),
    ("[Account]", "GET", "/api/v1/lists/{list}/accounts"),
    ("[Filter]", "GET", "/api/v2/filters"),
    ("Filter", "GET", "/api/v2/filters/{filter}"),
    ("[FilterKeyword]", "GET", "/api/v2/filters/{filter}/keywords"),
    ("FilterStatus", "POST", "/api/v2/filters/{filter}/statuses", {"status_id": "{status}"}),
    ("[FilterStatus]", "GET", "/api/v2/filters/{filter}/statuses"),
    ("[V1_Filter]", "GET", "/api/v1/filters"),
    ("Markers", "POST", "/api/v1/markers", {"home": {"last_read_id": "{status}"}}),
    ("Markers", "GET", "/api/v1/markers?timeline[]=home"),
    ("Search", "GET", "/api/v2/search?q=schema"),
    ("Tag", "GET", "/api/v1/tags/schema"),
    ("Tag", "POST", "/api/v1/tags/schema/follow"),
    ("[Tag]", "GET", "/api/v1/followed_tags"),
    ("Tag", "POST", "/api/v1/tags/schema/unfollow"),
    ("FeaturedTag", "POST", "/api/v1/featured_tags", {"name": "schema"}),
    ("[FeaturedTag]", "GET", "/api/v1/featured_tags"),
    ("[Tag]", "GET", "/api/v1/featured_tags/suggestions"),
    ("[Tag]", "GET", "/api/v1/trends/tags"),
    ("[Status]", "GET", "/api/v1/trends/statuses"),
    ("[PreviewCard]", "GET", "/api/v1/trends/links"),
    ("[DomainBlock]", "GET", "/api/v1/instance/domain_blocks"),
    ("Error", "GET", "/api/v1/statuses/0"),
    ("Error", "GET", "/api/v1/nowhere"),
    ("DeletedStatus", "DELETE", "/api/v1/statuses/{regretted}"),
    ("Empty", "POST", "/api/v1/notifications/clear"),
]
# What these are inside of is checked above, or their own tests check them.
INSIDE = {"Role", "Quote", "FilterResult", "NotificationGroup", "PartialAccount", "Marker", "Report", "WebPushSubscription",
          "CredentialApplication", "Token", "WebFinger", "PrivacyPolicy"}


class World(dict):
    """One of everything, made when it is first asked for: `{status}` in a path is the id of a post."""

    def __init__(self, ada, bob, picture):
        super().__init__()
        self.ada, self.bob, self.picture = ada, bob, picture

    def __missing__(self, name):
        self[name] = getattr(self, f"_{name}")()
        return self[name]

    def _me(self):
        return self.ada.me()["id"]

    def _him(self):
        return self.ada.knows(self.bob)["id"]

    def _his_name(self):
        return self.ada.knows(self.bob)["acct"]

    def _heard(self):
        self.bob.says("Bob speaks of #schema")
        return self.ada.holds("Bob speaks of")["id"]

    def _status(self):
        """Edited, with a warning, tags and a mention, answered, liked and boosted: all that a post can have."""
        ada, bob = self.ada, self.bob
        mine = ada.says("Ada speaks of #schema", spoiler_text="words", language="en")["id"]
        answer = ada.ask("PUT", f"/api/v1/statuses/{mine}", json={"status": f"Ada spoke of #schema @{self['his_name']}"})
        assert answer.status_code == 200, answer.text
        theirs = bob.holds("Ada spoke of")["id"]
        bob.post(f"/api/v1/statuses/{theirs}/favourite")
        bob.post(f"/api/v1/statuses/{theirs}/reblog")
        return mine

    def _reply(self):
        return self.ada.says("And more", in_reply_to_id=self["status"])["id"]

    def _media(self):
        return self._upload()

    def _pictured(self):
        return self.ada.says("Seen", media_ids=[self._upload()])["id"]

    def _upload(self):
        with open(self.picture, "rb") as file:
            made = self.ada.post("/api/v2/media", files={"file": ("garden.jpg", file, "image/jpeg")}, data={"description": "A slope"})
        eventually("the picture is worked up", lambda: self.ada.get(f"/api/v1/media/{made['id']}")["url"])
        return made["id"]

    def _polled(self):
        status = self.ada.says("Well?", poll={"options": ["Yes", "No"], "expires_in": 3600})
        self["poll"] = status["poll"]["id"]
        return status["id"]

    def _poll(self):
        return self["polled"] and self["poll"]

    def _scheduled(self):
        return self.ada.says("Later", scheduled_at="2036-01-01T00:00:00Z")["id"]

    def _regretted(self):
        return self.ada.says("Never mind")["id"]

    def _list(self):
        made = self.ada.post("/api/v1/lists", json={"title": "Schemas"})["id"]
        self.ada.post(f"/api/v1/lists/{made}/accounts", json={"account_ids": [self["him"]]})
        return made

    def _filter(self):
        words = [{"keyword": "spoke", "whole_word": True}]
        return self.ada.post("/api/v2/filters", json={
            "title": "Words", "context": ["home", "public"], "filter_action": "warn", "keywords_attributes": words})["id"]

    def _notification(self):
        assert self["status"]
        return eventually("notifications", lambda: self.ada.get("/api/v1/notifications"))[0]["id"]


@pytest.fixture(scope="module")
def world(ada, bob, picture):
    world = World(ada, bob, picture)
    yield world
    if "filter" in world:
        ada.ask("DELETE", f"/api/v2/filters/{world['filter']}")
    if "list" in world:
        ada.ask("DELETE", f"/api/v1/lists/{world['list']}")


def filled(value, things):
    if isinstance(value, dict):
        return {key: filled(inner, things) for key, inner in value.items()}
    return value.format_map(things) if isinstance(value, str) else value


@pytest.mark.parametrize("step", WALK, ids=lambda step: f"{step[1]} {step[2]} {step[0]}")
def test_an_answer_is_the_entity(ada, world, step):
    entity, method, path, *body = step
    more = {"json": filled(body[0], world)} if body else {}
    answer = ada.ask(method, filled(path, world), **more)
    if entity == "Error":
        assert answer.status_code == 404
    else:
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    faults = entities.faults(entity, answer.json())
    assert not faults, "\n".join(faults[:20])


def test_applications_and_tokens(ada):
    app = ada.post("/api/v1/apps", token=None, data={"client_name": "schemas", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"})
    assert entities.faults("CredentialApplication", app) == []
    token = ada.post("/oauth/token", token=None, data={
        "grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"], "scope": "read"})
    assert entities.faults("Token", token) == []


def test_a_quote(ada, bob):
    bob.says("Bob may be quoted")
    quoted = ada.holds("Bob may be quoted")["id"]
    status = ada.says("As Bob says", quoted_status_id=quoted)
    assert entities.faults("OwnStatus", status) == []
    assert status["quote"]["quoted_status"]["id"] == quoted


def test_web_finger(ada):
    me = ada.me()["acct"]
    found = ada.get(f"/.well-known/webfinger?resource=acct:{me}@{ada.host}", token=None)
    assert entities.faults("WebFinger", found) == []


def test_no_schema_is_left_over():
    walked = {step[0].strip("[]") for step in WALK}
    assert set(entities.names()) == walked | INSIDE


def test_a_schema_refuses_what_is_wrong():
    good = {"id": "1", "title": "Words", "replies_policy": "list", "exclusive": False}
    assert entities.faults("List", good) == []
    for wrong in ({"id": 1}, {"replies_policy": "all"}, {"exclusive": None}, {"title": None}):
        assert entities.faults("List", good | wrong), wrong
    assert entities.faults("[List]", [good, {}]) and entities.faults("[List]", good)
    assert entities.faults("Marker", {"last_read_id": "1", "version": 1, "updated_at": "yesterday"})
