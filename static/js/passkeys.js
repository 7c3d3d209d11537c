// Asks the browser for a passkey and sends it with its form; on pages that offer one.
const problems = {
  NotAllowedError: "Nothing was chosen. Try again.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "Passkeys work only at the site's own name, over https.",
};

async function ask({ passkey, options }, form) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) throw { name: "SecurityError" };
  const headers = { Accept: "application/json" };
  const given = options ? (await (await fetch(options, { headers })).json()).request_options
    : JSON.parse(form.querySelector("script").textContent);
  if (passkey === "get")
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given.publicKey) });
  const residentKey = { residentKey: "required", requireResidentKey: true, userVerification: "required" };
  Object.assign(given.publicKey.authenticatorSelection ??= {}, residentKey);
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given.publicKey) });
}

for (const form of document.querySelectorAll("[data-passkey]"))
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      form.elements.credential.value = JSON.stringify(await ask(form.dataset, form));
      form.submit();
    } catch ({ name }) {
      form.querySelector("[role=alert]").textContent = problems[name] ?? "That did not work. Try again.";
    }
  });
