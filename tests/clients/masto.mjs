// masto, the library under Elk, Phanpy and many others: JSON bodies, paginators, and a WebSocket whose token is its
// subprotocol. Started by test_masto.py, which says where the nodes are.

import assert from "node:assert/strict";
import { openAsBlob } from "node:fs";
import { test } from "node:test";
import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient, MastoHttpError } from "masto";

const { ADA, ADA_CODE, ADA_CLIENT, BOB, BOB_TOKEN, PICTURE, REDIRECT, VERIFIER } = process.env;

/** Tries until it gives something, for what nodes do by themselves. */
async function eventually(what, look) {
  const until = Date.now() + 40_000;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > until) throw new Error(`expected: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The next event that passes, or an error when it takes too long. */
async function next(subscription, what, wanted) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no event: ${what}`)), 40_000);
  });
  const found = (async () => {
    for await (const event of subscription) if (wanted(event)) return event;
    throw new Error(`the stream ended before: ${what}`);
  })();
  try {
    return await Promise.race([found, late]);
  } finally {
    clearTimeout(timer);
  }
}

const client = JSON.parse(ADA_CLIENT);
const token = await createOAuthAPIClient({ url: ADA }).token.create({
  grantType: "authorization_code",
  clientId: client.id,
  clientSecret: client.secret,
  code: ADA_CODE,
  redirectUri: REDIRECT,
  codeVerifier: VERIFIER,
});
const ada = createRestAPIClient({ url: ADA, accessToken: token.accessToken });
const bob = createRestAPIClient({ url: BOB, accessToken: BOB_TOKEN });
const me = await ada.v1.accounts.verifyCredentials();
const instance = await ada.v2.instance.fetch();

const onHome = (api, words) =>
  eventually(`${words} on the home timeline`, async () =>
    (await api.v1.timelines.home.list({ limit: 40 })).find((status) => status.content.includes(words)),
  );
const ids = (things) => things.map((thing) => thing.id);

test("the application knows its token", async () => {
  assert.equal(token.tokenType, "Bearer");
  assert.equal((await ada.v1.apps.verifyCredentials()).name, "masto");
});

test("both forms of the instance", async () => {
  const old = await ada.v1.instance.fetch();
  assert.equal(old.uri, instance.domain);
  assert.equal(old.configuration.statuses.maxCharacters, instance.configuration.statuses.maxCharacters);
  assert.equal(typeof instance.thumbnail.url, "string");
});

test("a post with a picture and a warning", async () => {
  const media = await ada.v2.media.create({ file: await openAsBlob(PICTURE, { type: "image/jpeg" }), description: "Slope", focus: "0,0.5" });
  assert.equal(media.type, "image");
  assert.equal(media.description, "Slope");
  const changed = await ada.v1.media.$select(media.id).update({ description: "A slope" });
  assert.equal(changed.description, "A slope");
  const status = await ada.v1.statuses.create({ status: "masto sees", mediaIds: [media.id], spoilerText: "grey", sensitive: true, language: "en" });
  assert.equal(status.spoilerText, "grey");
  assert.equal(status.mediaAttachments[0].description, "A slope");
});

test("three timelines, with pages", async () => {
  const made = [];
  for (const n of [1, 2, 3, 4]) made.push((await ada.v1.statuses.create({ status: `Step ${n} #stairs` })).id);
  made.reverse();
  for (const list of [
    (params) => ada.v1.timelines.home.list(params),
    (params) => ada.v1.timelines.public.list({ ...params, local: true }),
    (params) => ada.v1.timelines.tag.$select("stairs").list(params),
  ]) {
    const seen = [];
    for await (const page of list({ limit: 2 })) {
      assert.ok(page.length <= 2);
      seen.push(...ids(page));
      if (seen.length >= 4) break;
    }
    assert.deepEqual(seen.slice(0, 4), made);
  }
});

test("reply, boost, favourite, bookmark, thread", async () => {
  const said = await bob.v1.statuses.create({ status: "Bob speaks to masto" });
  const heard = await onHome(ada, "Bob speaks to masto");
  const reply = await ada.v1.statuses.create({ status: "masto answers", inReplyToId: heard.id });
  const context = await ada.v1.statuses.$select(heard.id).context.fetch();
  assert.deepEqual(ids(context.descendants), [reply.id]);
  const chosen = ada.v1.statuses.$select(heard.id);
  assert.equal((await chosen.reblog()).reblog.id, heard.id);
  assert.equal((await chosen.favourite()).favourited, true);
  assert.equal((await chosen.bookmark()).bookmarked, true);
  assert.ok(ids(await ada.v1.bookmarks.list()).includes(heard.id));
  assert.ok(ids(await ada.v1.favourites.list()).includes(heard.id));
  assert.ok(ids(await chosen.rebloggedBy.list()).includes(me.id));
  assert.equal((await chosen.unreblog()).reblogged, false);
  assert.equal((await chosen.unfavourite()).favourited, false);
  assert.equal((await chosen.unbookmark()).bookmarked, false);
  const answered = await onHome(bob, "masto answers");
  assert.equal(answered.inReplyToId !== null, true);
  assert.ok(said.id);
});

test("several at once, by their ids", async () => {
  const page = await ada.v1.timelines.home.list({ limit: 2 });
  assert.deepEqual(ids(await ada.v1.statuses.list({ id: ids(page) })).sort(), ids(page).sort());
});

test("edit, source, history, delete", async () => {
  const status = await ada.v1.statuses.create({ status: "frist" });
  const chosen = ada.v1.statuses.$select(status.id);
  assert.ok((await chosen.update({ status: "first" })).editedAt);
  assert.equal((await chosen.source.fetch()).text, "first");
  assert.equal((await chosen.history.list()).length, 2);
  assert.equal((await chosen.remove()).text, "first");
  await assert.rejects(chosen.fetch(), (error) => error instanceof MastoHttpError && error.statusCode === 404);
});

test("search", async () => {
  await ada.v1.statuses.create({ status: "Quixotic #windmills" });
  const found = await eventually("the post is found", async () => {
    const { statuses } = await ada.v2.search.list({ q: "quixotic", type: "statuses" });
    return statuses.length > 0 && statuses;
  });
  assert.ok(found[0].content.includes("Quixotic"));
  const { hashtags } = await ada.v2.search.list({ q: "windm", type: "hashtags" });
  assert.deepEqual(hashtags.map((tag) => tag.name), ["windmills"]);
});

test("lists", async () => {
  const [friend] = await ada.v1.accounts.$select(me.id).following.list();
  const list = await ada.v1.lists.create({ title: "masto", repliesPolicy: "none", exclusive: false });
  const chosen = ada.v1.lists.$select(list.id);
  await chosen.accounts.create({ accountIds: [friend.id] });
  assert.deepEqual(ids(await chosen.accounts.list()), [friend.id]);
  assert.equal((await chosen.update({ title: "Masto" })).title, "Masto");
  assert.ok((await ada.v1.timelines.list.$select(list.id).list()).every((status) => status.account.id === friend.id));
  await chosen.accounts.remove({ accountIds: [friend.id] });
  assert.deepEqual(await chosen.accounts.list(), []);
  await chosen.remove();
  assert.ok(!ids(await ada.v1.lists.list()).includes(list.id));
});

test("filters", async () => {
  const filter = await ada.v2.filters.create({
    title: "Weeds", context: ["home"], filterAction: "warn", keywordsAttributes: [{ keyword: "nettle", wholeWord: true }],
  });
  await bob.v1.statuses.create({ status: "A nettle stings" });
  const home = await eventually("the post is marked", async () =>
    (await ada.v1.timelines.home.list({ limit: 40 })).find((s) => s.filtered?.some((result) => result.filter.id === filter.id)));
  assert.deepEqual(home.filtered[0].keywordMatches, ["nettle"]);
  await ada.v2.filters.$select(filter.id).update({ title: "Herbs", filterAction: "hide" });
  assert.equal((await ada.v2.filters.$select(filter.id).fetch()).title, "Herbs");
  const plain = (await ada.v1.timelines.home.list({ limit: 40 })).filter((s) => s.content.includes("nettle") && s.filtered.length === 0);
  assert.deepEqual(plain, []);
  await ada.v2.filters.$select(filter.id).remove();
  assert.ok(!ids(await ada.v2.filters.list()).includes(filter.id));
});

test("a poll", async () => {
  const status = await ada.v1.statuses.create({ status: "Up or down?", poll: { options: ["Up", "Down"], expiresIn: 600, multiple: true } });
  assert.equal(status.poll.multiple, true);
  const theirs = await onHome(bob, "Up or down?");
  const voted = await bob.v1.polls.$select(theirs.poll.id).votes.create({ choices: [0, 1] });
  assert.deepEqual(voted.ownVotes.toSorted(), [0, 1]);
});

test("notifications, in both forms, and markers", async () => {
  const mine = await ada.v1.statuses.create({ status: "masto waits for praise" });
  const theirs = await onHome(bob, "masto waits for praise");
  await bob.v1.statuses.$select(theirs.id).favourite();
  const note = await eventually("a notification", async () =>
    (await ada.v1.notifications.list({ types: ["favourite"] })).find((n) => n.status?.id === mine.id));
  const grouped = await ada.v2.notifications.list({ types: ["favourite"] });
  assert.ok(grouped.notificationGroups.some((group) => group.statusId === mine.id));
  await ada.v1.markers.create({ notifications: { lastReadId: note.id } });
  assert.equal((await ada.v1.markers.fetch({ timeline: ["notifications"] })).notifications.lastReadId, note.id);
  await ada.v1.notifications.$select(note.id).dismiss();
  assert.ok(!ids(await ada.v1.notifications.list()).includes(note.id));
});

test("a preview of who this is", async () => {
  const changed = await ada.v1.accounts.updateCredentials({ note: "Written by masto" });
  assert.equal(changed.source.note, "Written by masto");
  assert.equal((await ada.v1.preferences.fetch())["posting:default:visibility"], "public");
});

test("errors are told", async () => {
  const stranger = createRestAPIClient({ url: ADA });
  await assert.rejects(async () => stranger.v1.timelines.home.list(), (error) => error instanceof MastoHttpError && error.statusCode === 401);
  await assert.rejects(ada.v1.statuses.$select("0").fetch(), (error) => error.statusCode === 404 && error.message.length > 0);
  await assert.rejects(ada.v1.statuses.create({ status: "" }), (error) => error.statusCode === 422);
});

test("streaming over one WebSocket", async () => {
  const streaming = createStreamingAPIClient({
    streamingApiUrl: instance.configuration.urls.streaming,
    accessToken: token.accessToken,
    retry: false,
  });
  try {
    await streaming.prepare();
    const streams = {
      user: streaming.user.subscribe(),
      local: streaming.public.local.subscribe(),
      tag: streaming.hashtag.subscribe({ tag: "flow" }),
      notes: streaming.user.notification.subscribe(),
    };
    // A subscription is made by asking for its first event, and is not confirmed: posts go on until one is seen.
    const seen = Object.entries(streams).filter(([name]) => name !== "notes")
      .map(([name, stream]) => next(stream, `update on ${name}`, (e) => e.event === "update" && e.payload.content.includes("flow")));
    const noted = next(streams.notes, "notification", (e) => e.event === "notification" && e.payload.type === "favourite");
    let waiting = true;
    const done = Promise.all(seen).finally(() => (waiting = false));
    const made = [];
    while (waiting) {
      made.push((await ada.v1.statuses.create({ status: `It does #flow ${made.length}` })).id);
      await Promise.race([done, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
    for (const event of await done) assert.ok(made.includes(event.payload.id));
    const again = streaming.user.subscribe();
    const removed = next(again, "delete", (e) => e.event === "delete");
    const changed = next(streaming.user.subscribe(), "edit", (e) => e.event === "status.update");
    await ada.v1.statuses.$select(made[0]).update({ status: "It did #flow" });
    assert.equal((await changed).payload.id, made[0]);
    await ada.v1.statuses.$select(made[0]).remove();
    assert.equal((await removed).payload.replaceAll('"', ""), made[0]);
    await ada.v1.statuses.create({ status: "masto waits for a star" });
    const theirs = await onHome(bob, "masto waits for a star");
    await bob.v1.statuses.$select(theirs.id).favourite();
    assert.equal((await noted).payload.account.id !== me.id, true);
  } finally {
    streaming.close();
  }
});
