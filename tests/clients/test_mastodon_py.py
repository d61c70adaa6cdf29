"""Mastodon.py, a library that robots and archives are written with: everything that people do, and SSE."""

import threading
from datetime import datetime, timedelta, timezone

import mastodon
import pytest
from harness import oauth
from harness.waiting import eventually
from mastodon import Mastodon, StreamListener

SCOPES = ["read", "write", "follow", "push"]


def log_in(node, approve):
    """Registers, asks, has it allowed, exchanges the code: what the library's manual says."""
    ident, secret = Mastodon.create_app("driver", scopes=SCOPES, api_base_url=node.http, website="https://example.org")
    client = Mastodon(client_id=ident, client_secret=secret, api_base_url=node.http, request_timeout=40)
    url = client.auth_request_url(scopes=SCOPES, allow_http=True)
    client.log_in(code=approve(node, url), scopes=SCOPES, allow_http=True)
    return client


@pytest.fixture(scope="module")
def api(ada):
    return log_in(ada, oauth.approve_by_page)


@pytest.fixture(scope="module")
def friend(bob):
    return log_in(bob, oauth.approve_by_command)


@pytest.fixture(scope="module")
def him(ada, bob):
    return ada.knows(bob)["id"]


@pytest.fixture(scope="module")
def heard(api, ada, bob, friend):
    """A post of Bob's, as Ada's node has it."""
    said = friend.status_post("Pears ripen in #september", visibility="public", language="en")
    assert said.content.startswith("<p>Pears")
    return ada.holds("Pears ripen")["id"]


def ids(statuses):
    return [status.id for status in statuses]


def test_who_am_i(api, ada, friend, bob):
    me = api.me()
    assert me.id == ada.me()["id"] and me.source.privacy == "public"
    assert api.account_verify_credentials().acct == me.acct
    assert friend.me().acct != me.acct
    assert api.account_lookup(me.acct).id == me.id


def test_the_instance(api, ada):
    assert api.instance_v1().uri == ada.host
    assert api.instance_v2().domain == ada.host
    assert api.verify_minimum_version("4.3.0") and api.mastodon_api_version >= 2
    assert api.instance_health()
    assert api.instance_nodeinfo().software.name == "starling"
    assert api.instance_rules() == [] and api.instance_peers() == []
    assert api.custom_emojis() == [] and api.announcements() == []
    assert api.preferences()["posting:default:visibility"] == "public"


def test_a_post_with_a_picture_and_a_warning(api, picture, ada, bob):
    media = api.media_post(str(picture), description="A grey slope", focus=(0.25, -0.5), synchronous=True)
    assert media.type == "image" and media.description == "A grey slope" and media.blurhash
    assert media.meta.original.width == 640 and media.meta.focus.x == 0.25
    status = api.status_post("Behold", media_ids=[media], spoiler_text="greyness", sensitive=True)
    assert status.spoiler_text == "greyness" and status.sensitive
    assert [shown.url for shown in status.media_attachments] == [media.url]
    original = ada.ask("GET", media.url, token=None)
    assert original.status_code == 200 and original.headers["content-type"].startswith("image/")
    assert b"SECRET-PLACE" not in original.content
    preview = ada.ask("GET", media.preview_url, token=None)
    assert preview.headers["content-type"].startswith("image/")
    kept = api.status_update(status, "Behold", spoiler_text="greyness", media_ids=ids(status.media_attachments))
    assert [shown.description for shown in kept.media_attachments] == ["A grey slope"]
    # The other node follows: it gets the picture as well.
    theirs = bob.holds("Behold")
    assert theirs["spoiler_text"] == "greyness"

    def arrived():
        attachment = bob.get(f"/api/v1/statuses/{theirs['id']}")["media_attachments"][0]
        return attachment["type"] == "image" and attachment

    attachment = eventually("the picture reaches those who follow", arrived)
    assert attachment["description"] == "A grey slope"
    assert bob.ask("GET", attachment["url"], token=None).content == original.content


def test_three_timelines(api, heard):
    said = api.status_post("Quinces want patience #september")
    assert {said.id, heard} <= set(ids(api.timeline_home(limit=40)))
    assert said.id in ids(api.timeline_local(limit=40))
    assert heard in ids(api.timeline_public(limit=40))
    assert {said.id, heard} <= set(ids(api.timeline_hashtag("september")))
    assert heard not in ids(api.timeline_hashtag("september", local=True))


def test_pages(api):
    made = [api.status_post(f"Leaf {n}").id for n in range(5)]
    newest = made[::-1]
    first = api.timeline_local(limit=2)
    assert ids(first) == newest[:2]
    second = api.fetch_next(first)
    assert ids(second) == newest[2:4]
    assert ids(api.fetch_previous(second)) == newest[:2]
    assert ids(api.timeline_local(limit=2, min_id=newest[4])) == [newest[2], newest[3]]
    assert ids(api.timeline_local(limit=40, since_id=newest[2])) == newest[:2]


def test_reply_and_thread(api, heard, friend, bob):
    answer = api.status_reply(api.status(heard), "And apples?")
    assert answer.in_reply_to_id == heard
    assert ids(api.status_context(heard).descendants) == [answer.id]
    assert ids(api.status_context(answer).ancestors) == [heard]
    theirs = bob.holds("And apples?")
    assert friend.status(theirs["id"]).in_reply_to_account_id == friend.me().id


def test_boost_favourite_bookmark_pin_mute(api, heard):
    boost = api.status_reblog(heard)
    assert boost.reblog.id == heard and boost.reblog.reblogged
    assert api.me().id in ids(api.status_reblogged_by(heard))
    assert api.status_favourite(heard).favourited
    assert api.me().id in ids(api.status_favourited_by(heard))
    assert heard in ids(api.favourites())
    assert api.status_bookmark(heard).bookmarked
    assert heard in ids(api.bookmarks())
    assert api.status_mute(heard).muted and not api.status_unmute(heard).muted
    own = api.status_post("On the wall")
    assert api.status_pin(own).pinned
    assert ids(api.account_statuses(api.me(), pinned=True)) == [own.id]
    assert not api.status_unpin(own).pinned
    assert not api.status_unreblog(heard).reblogged
    assert not api.status_unfavourite(heard).favourited
    assert not api.status_unbookmark(heard).bookmarked
    assert heard not in ids(api.favourites()) and heard not in ids(api.bookmarks())


def test_edit_history_source_delete(api, bob):
    status = api.status_post("A frist try", spoiler_text="typing")
    edited = api.status_update(status, "A first try")
    assert edited.edited_at and "A first try" in edited.content
    assert [entry.content for entry in api.status_history(status)] == ["<p>A frist try</p>", "<p>A first try</p>"]
    assert api.status_source(status).text == "A first try"
    bob.holds("A first try")
    deleted = api.status_delete(status)
    assert deleted.text == "A first try"
    with pytest.raises(mastodon.MastodonNotFoundError):
        api.status(status)
    eventually("the other node erases it", lambda: not any(
        "A first try" in seen["content"] for seen in bob.get("/api/v1/timelines/home?limit=40")))


def test_one_key_is_one_post(api):
    first = api.status_post("Only once", idempotency_key="only-once")
    assert api.status_post("Only once", idempotency_key="only-once").id == first.id


def test_visibility(api, bob):
    unlisted = api.status_post("For whom it may concern", visibility="unlisted")
    assert unlisted.visibility == "unlisted"
    assert unlisted.id not in ids(api.timeline_local(limit=40))
    assert unlisted.id in ids(api.timeline_home(limit=40))


def test_later(api):
    when = datetime.now(timezone.utc) + timedelta(hours=2)
    later = api.status_post("Tomorrow's news", scheduled_at=when)
    assert later.params.text == "Tomorrow's news"
    assert later.id in ids(api.scheduled_statuses())
    moved = api.scheduled_status_update(later, when + timedelta(hours=1))
    assert moved.scheduled_at > later.scheduled_at
    api.scheduled_status_delete(later)
    assert later.id not in ids(api.scheduled_statuses())


def test_a_poll(api, friend, ada, bob):
    poll = api.make_poll(["Plum", "Fig"], expires_in=3600, multiple=False)
    status = api.status_post("Which one?", poll=poll)
    assert [option.title for option in status.poll.options] == ["Plum", "Fig"]
    theirs = bob.holds("Which one?")
    voted = friend.poll_vote(theirs["poll"]["id"], [1])
    assert voted.voted and voted.own_votes == [1]
    eventually("the vote is counted", lambda: api.poll(status.poll).options[1].votes_count == 1)


def test_people(api, him, ada, bob):
    relation = api.account_relationships(him)[0]
    assert relation.following and relation.followed_by
    assert him in ids(api.account_following(api.me()))
    assert him in ids(api.account_followers(api.me()))
    assert api.account(him).id == him
    assert api.account_note_set(him, "met at the market").note == "met at the market"
    assert him in ids(api.account_search(bob.author))
    assert api.account_statuses(him)
    assert isinstance(api.account_familiar_followers(him), list)


def test_mute_block_and_domains(api, him, heard):
    assert api.account_mute(him).muting
    assert him in ids(api.mutes())
    assert heard not in ids(api.timeline_home(limit=40))
    assert not api.account_unmute(him).muting
    assert heard in ids(api.timeline_home(limit=40))
    assert api.follow_requests() == []
    api.domain_block("spam.example")
    assert "spam.example" in list(api.domain_blocks())
    api.domain_unblock("spam.example")
    assert "spam.example" not in list(api.domain_blocks())


def test_unfollow_and_follow(api, him):
    assert not api.account_unfollow(him).following
    again = api.account_follow(him, notify=True)
    assert again.following and again.notifying


def test_lists(api, him, heard):
    made = api.list_create("Gardeners", replies_policy="followed")
    assert made.title == "Gardeners" and made.replies_policy == "followed"
    api.list_accounts_add(made, [him])
    assert ids(api.list_accounts(made)) == [him]
    assert made.id in ids(api.account_lists(him))
    assert heard in ids(api.timeline_list(made))
    assert api.list_update(made, "Orchardists").title == "Orchardists"
    api.list_accounts_delete(made, [him])
    assert api.list_accounts(made) == []
    api.list_delete(made)
    assert made.id not in ids(api.lists())


def test_filters(api, heard, friend, ada):
    made = api.create_filter_v2("Fruit", ["home", "public"], "warn",
                                keywords_attributes=[{"keyword": "medlar", "whole_word": True}])
    assert [word.keyword for word in made.keywords] == ["medlar"]
    friend.status_post("A medlar is eaten rotten")
    seen = api.status(ada.holds("A medlar")["id"])
    eventually("the filter marks it", lambda: [r.filter.title for r in api.timeline_home(limit=40)[0].filtered] == ["Fruit"])
    word = api.add_filter_keyword_v2(made, "loquat", whole_word=False)
    assert len(api.filter_keywords_v2(made)) == 2
    api.delete_filter_keyword_v2(word)
    mark = api.add_filter_status_v2(made, heard)
    assert ids(api.filter_statuses_v2(made)) == [mark.id]
    api.delete_filter_status_v2(mark)
    assert api.update_filter_v2(made, title="Old fruit").title == "Old fruit"
    assert made.id in ids(api.filters_v2())
    api.delete_filter_v2(made)
    assert api.filters_v2() == []
    assert not any(result for result in api.status(seen.id).filtered or [])
    old = api.filter_create("durian", ["home"])
    assert old.phrase == "durian" and old.id in ids(api.filters())
    api.filter_delete(old)


def test_search(api, heard, him, bob):
    found = eventually("the post is found", lambda: api.search_v2("pears", result_type="statuses").statuses)
    assert heard in ids(found)
    assert him in ids(api.search_v2(bob.author, result_type="accounts").accounts)
    assert [tag.name for tag in api.search_v2("septem", result_type="hashtags").hashtags] == ["september"]


def test_tags(api):
    assert api.tag("september").name == "september"
    assert api.tag_follow("september").following
    assert [tag.name for tag in api.followed_tags()] == ["september"]
    assert not api.tag_unfollow("september").following
    featured = api.featured_tag_create("september")
    assert [tag.name for tag in api.featured_tags()] == ["september"]
    api.featured_tag_delete(featured)
    assert api.featured_tags() == []


def test_notifications(api, friend, ada, bob):
    mine = api.status_post("Ada waits for praise")
    theirs = bob.holds("Ada waits for praise")["id"]
    friend.status_favourite(theirs)
    friend.status_reblog(theirs)
    friend.status_reply(friend.status(theirs), "Well said")

    def look():
        about = [n for n in api.notifications(limit=40) if n.status and n.status.id in mine.id or n.type == "mention"]
        return {"favourite", "reblog", "mention"} <= {n.type for n in about} and about

    notes = eventually("three notifications", look)
    note = next(n for n in notes if n.type == "favourite")
    assert api.notifications(note.id).account.id == ada.knows(bob)["id"]
    assert {n.type for n in api.notifications(types=["favourite"])} == {"favourite"}
    assert "favourite" not in {n.type for n in api.notifications(exclude_types=["favourite"])}
    assert api.notifications_unread_count().count >= 3
    grouped = api.grouped_notifications()
    assert {"favourite", "reblog", "mention"} <= {g.type for g in grouped.notification_groups}
    api.markers_set(["notifications"], [note.id])
    assert api.markers_get(["notifications"])["notifications"].last_read_id == note.id
    api.notifications_dismiss(note.id)
    assert note.id not in ids(api.notifications(limit=40))
    api.notifications_clear()
    assert api.notifications() == []


def test_profile(api, ada):
    changed = api.account_update_credentials(display_name="Ada L.", note="I **count**", fields=[("Garden", "north")])
    assert changed.display_name == "Ada L." and changed.source.note == "I **count**"
    assert changed.fields[0].name == "Garden"
    assert api.me().display_name == "Ada L."


def test_what_is_honestly_empty(api):
    assert api.trending_tags() == [] and api.trending_statuses() == [] and api.trending_links() == []
    assert api.conversations() == []
    assert isinstance(api.suggestions(), list) and isinstance(api.directory(), list)


class Heard(StreamListener):
    """Keeps every event, for a test to wait for."""

    def __init__(self):
        self.events, self.changed, self.opened = [], threading.Condition(), threading.Event()

    def handle_heartbeat(self):
        self.opened.set()

    def on_any_event(self, name, data=None, for_stream=None):
        with self.changed:
            self.events.append((name, data))
            self.changed.notify_all()

    def on_abort(self, err):
        self.on_any_event("abort", err)

    def wait(self, name, test):
        """The data of the first event of this name that passes the test."""

        def found():
            assert not any(event == "abort" for event, _ in self.events), self.events
            return next((data for event, data in self.events if event == name and test(data)), None)

        with self.changed:
            seen = self.changed.wait_for(found, timeout=40)
        assert seen, f"no {name} among {[(event, str(data)[:200]) for event, data in self.events]}"
        return seen


@pytest.mark.parametrize("stream", ["user", "public", "local", "hashtag"])
def test_streaming(api, stream):
    listener, more = Heard(), {"run_async": True, "timeout": 60}
    handle = {
        "user": lambda: api.stream_user(listener, **more),
        "public": lambda: api.stream_public(listener, **more),
        "local": lambda: api.stream_public(listener, local=True, **more),
        "hashtag": lambda: api.stream_hashtag("streamed", listener, **more),
    }[stream]()
    try:
        assert listener.opened.wait(40), "a first comment says that the stream is open"
        words = f"Live on {stream} #streamed"
        status = api.status_post(words)
        seen = listener.wait("update", lambda s: s.id == status.id)
        assert "Live on" in seen.content
        api.status_update(status, f"{words}, changed")
        listener.wait("status.update", lambda s: s.id == status.id and "changed" in s.content)
        api.status_delete(status)
        listener.wait("delete", lambda gone: str(gone) == status.id)
    finally:
        handle.close()


def test_streaming_of_others(api, friend, him, ada, bob):
    made = api.list_create("Live")
    api.list_accounts_add(made, [him])
    user, listed, notes = Heard(), Heard(), Heard()
    handles = [
        api.stream_user(user, run_async=True, timeout=60),
        api.stream_list(made, listed, run_async=True, timeout=60),
        api.stream_user_notifications(notes, run_async=True, timeout=60),
    ]
    try:
        for handle in handles:
            assert handle.is_alive()
        assert all(listener.opened.wait(40) for listener in (user, listed, notes)), "a first comment"
        mine = api.status_post("Is anybody there?")
        theirs = bob.holds("Is anybody there?")["id"]
        friend.status_favourite(theirs)
        friend.status_post("I am here")
        for listener in (user, listed):
            listener.wait("update", lambda s: "I am here" in s.content)
        for listener in (user, notes):
            listener.wait("notification", lambda n: n.type == "favourite" and n.status.id == mine.id)
    finally:
        for handle in handles:
            handle.close()
        api.list_delete(made)


def test_revoked_at_the_end(ada):
    client = log_in(ada, oauth.approve_by_page)
    assert client.me()
    token = client.access_token
    client.revoke_access_token(allow_http=True)
    answer = ada.ask("GET", "/api/v1/accounts/verify_credentials", token=token)
    assert answer.status_code == 401 and answer.json()["error"]
