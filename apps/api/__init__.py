"""HTTP for programs: translates a request, makes one domain call, translates back."""
