// daisyUI's plugin, cut down to the components that we use. The vendored files are as
// they came from npm; its own index.js would pull in two megabytes of others.
import { plugin } from "./vendor/daisyui/functions/plugin.js";
import { nestCssLayers } from "./vendor/daisyui/functions/nestCssLayers.js";
import variables from "./vendor/daisyui/functions/variables.js";
import button from "./vendor/daisyui/components/button/index.js";
import chat from "./vendor/daisyui/components/chat/index.js";
import kbd from "./vendor/daisyui/components/kbd/index.js";
import skeleton from "./vendor/daisyui/components/skeleton/index.js";

export default plugin.withOptions(
  () => ({ addComponents }) => {
    const add = (styles) => addComponents(nestCssLayers(styles));
    for (const component of [button, chat, kbd, skeleton]) component({ addComponents: add });
  },
  () => ({ theme: { extend: variables } }),
);
