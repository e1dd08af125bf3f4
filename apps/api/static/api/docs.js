"use strict";

// A file of its own, because the content security policy runs no script that stands in a page.
fetch("/openapi.json")
  .then((answer) => answer.json())
  .then((spec) => {
    // Calls are tried on the server that showed this page, whatever address it calls its own.
    spec.servers = [{ url: window.location.origin }];
    SwaggerUIBundle({
      spec,
      dom_id: "#swagger-ui",
      presets: [SwaggerUIBundle.presets.apis],
      layout: "BaseLayout",
      deepLinking: true,
      displayRequestDuration: true,
      docExpansion: "list",
      defaultModelsExpandDepth: 0,
      validatorUrl: null,
    });
  });
