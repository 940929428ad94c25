/** The client for HTTP that daemons load when they first send something. The build makes it a file of its own. */
export { Agent, EnvHttpProxyAgent } from "undici";
