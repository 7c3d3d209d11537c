// Why the browser gave no passkey, for the page to say; allauth's own scripts ask for it and send it.
document.addEventListener("allauth.error", ({ detail }) => (document.body.dataset.problem = detail.exception.name));
