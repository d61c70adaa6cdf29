// Logs in with PKCE, shows the home timeline, posts, and shows what comes over the WebSocket.

import { createOAuthAPIClient, createRestAPIClient, createStreamingAPIClient } from "masto";

const asked = new URLSearchParams(location.search);
const node = asked.get("node") ?? sessionStorage.node;
const redirectUri = location.origin + location.pathname;
const scopes = "read write follow push";
const [state, enter, compose, home] = ["state", "enter", "compose", "home"].map((id) => document.getElementById(id));
const say = (words) => (state.textContent = words);
const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

enter.onclick = async () => {
  const app = await createRestAPIClient({ url: node }).v1.apps.create({ clientName: "A page", redirectUris: redirectUri, scopes });
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(48)));
  const challenge = base64url(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  Object.assign(sessionStorage, { node, verifier, id: app.clientId, secret: app.clientSecret });
  location.href = `${node}/oauth/authorize?${new URLSearchParams({
    response_type: "code", client_id: app.clientId, redirect_uri: redirectUri, scope: scopes,
    code_challenge: challenge, code_challenge_method: "S256",
  })}`;
};

function show(status) {
  const item = document.createElement("li");
  const face = Object.assign(new Image(48, 48), { src: status.account.avatar, alt: status.account.acct });
  const words = document.createElement("div");
  words.innerHTML = status.content;
  item.append(face, status.account.displayName, words);
  for (const media of status.mediaAttachments) {
    item.append(Object.assign(new Image(96, 72), { src: media.previewUrl, alt: media.description ?? "" }));
  }
  return item;
}

async function begin(code) {
  const { accessToken } = await createOAuthAPIClient({ url: node }).token.create({
    grantType: "authorization_code", clientId: sessionStorage.id, clientSecret: sessionStorage.secret,
    code, redirectUri, codeVerifier: sessionStorage.verifier,
  });
  const api = createRestAPIClient({ url: node, accessToken });
  const me = await api.v1.accounts.verifyCredentials();
  const { configuration } = await api.v2.instance.fetch();
  for (const status of await api.v1.timelines.home.list({ limit: 20 })) home.append(show(status));
  compose.onsubmit = async (event) => {
    event.preventDefault();
    const [file] = compose.querySelector("input").files;
    const mediaIds = file ? [(await api.v2.media.create({ file, description: "From a page" })).id] : [];
    await api.v1.statuses.create({ status: compose.querySelector("textarea").value, mediaIds });
    say("Posted");
  };
  enter.hidden = true;
  compose.hidden = false;
  const streaming = createStreamingAPIClient({ streamingApiUrl: configuration.urls.streaming, accessToken, retry: false });
  await streaming.prepare();
  say(`Welcome ${me.acct}`);
  for await (const event of streaming.user.subscribe()) if (event.event === "update") home.prepend(show(event.payload));
}

const code = asked.get("code");
if (code) begin(code).catch((error) => say(`Failed: ${error}`));
else say("Nobody is logged in");
