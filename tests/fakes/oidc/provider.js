/**
 * A real OpenID provider (the package oidc-provider) in Google's place. Says its address on the first line it prints, and ends with
 * its standard input.
 *
 * Who is there is what the browser of a test says in the header X-Account when it is asked; "nobody" says no. Claims of accounts are
 * told by PUT /accounts/<sub>.
 */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const { clientId, clientSecret, redirectUris } = JSON.parse(process.argv[2]);
const accounts = new Map();

function configuration() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: redirectUris,
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: "one", use: "sig", alg: "RS256" }] },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    pkce: { required: () => true },
    claims: { openid: ["sub", "hd"], email: ["email", "email_verified"], profile: ["name", "picture"] },
    // As Google does: the ID token itself carries what the scopes stand for.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...accounts.get(sub) }) }),
    async loadExistingGrant(ctx) {
      const { client, session, provider } = ctx.oidc;
      // A second tab goes on with the grant of the first; a new one would end its code.
      const known = session.grantIdFor(client.clientId);
      if (known) return provider.Grant.find(known);
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid email profile");
      await grant.save();
      return grant;
    },
  };
}

async function told(request) {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text);
}

const server = createServer(async (request, response) => {
  try {
    if (request.method === "PUT" && request.url.startsWith("/accounts/")) {
      accounts.set(request.url.slice("/accounts/".length), await told(request));
      response.writeHead(204).end();
    } else if (request.url.startsWith("/interaction/")) {
      const account = request.headers["x-account"];
      const result =
        account === "nobody"
          ? { error: "access_denied", error_description: "The person said no" }
          : { login: { accountId: account } };
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
    } else {
      answer(request, response);
    }
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});

let provider;
let answer;
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, configuration());
  answer = provider.callback();
  console.log(JSON.stringify({ issuer }));
});
process.stdin.on("end", () => process.exit(0)).resume();
