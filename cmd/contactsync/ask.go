package main

import (
	"bufio"
	"context"
	"strings"
)

// asks shows a question, if there is one, and asks whether to go on.
func (c *cli) asks(ctx context.Context, question string) (bool, error) {
	if question != "" {
		c.printf("%s\n", question)
	}
	c.printf("Continue? [y/N] ")
	answer, err := c.answer(ctx)
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return err == nil, err
	}
	return false, err
}

// answer reads one line, unless it is interrupted.
func (c *cli) answer(ctx context.Context) (string, error) {
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(c.in).ReadString('\n')
		line <- text
	}()
	select {
	case text := <-line:
		return text, nil
	case <-ctx.Done():
		c.printf("\n")
		return "", ctx.Err()
	}
}
