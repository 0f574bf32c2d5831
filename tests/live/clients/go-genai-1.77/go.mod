module walk

go 1.24

require google.golang.org/genai v1.77.0
